"""What Twilio is told to do in a call, in its own markup, made with its own library."""

from twilio.twiml.voice_response import VoiceResponse

from core.domain.call_words import CallWords

_KEY_SECONDS = 6  # how long a call waits for a key after the menu
_RING_SECONDS = 30  # at the office's number


def to_person(script: str, words: CallWords, *, key_url: str, before: str = "") -> str:
    """Say the message and wait for a key. `before` is said first."""
    response = VoiceResponse()
    gather = response.gather(num_digits=1, action=key_url, method="POST", timeout=_KEY_SECONDS, finish_on_key="")
    for said in (before, script, words.menu):
        if said:
            gather.say(said, voice=words.voice, language=words.locale)
            gather.pause(length=1)
    response.say(words.goodbye, voice=words.voice, language=words.locale)
    response.hangup()
    return str(response)


def to_machine(voicemail: str, words: CallWords) -> str:
    """Leave a message and hang up."""
    return said(voicemail, words)


def said(text: str, words: CallWords) -> str:
    """Say something and hang up."""
    response = VoiceResponse()
    response.pause(length=1)
    response.say(text, voice=words.voice, language=words.locale)
    response.hangup()
    return str(response)


def connected(number: str, words: CallWords, *, caller_id: str, nobody: str) -> str:
    """Pass the call on, shown there as from `caller_id`; `nobody` is said when it is not taken there."""
    response = VoiceResponse()
    response.say(words.connecting, voice=words.voice, language=words.locale)
    response.dial(number, caller_id=caller_id, timeout=_RING_SECONDS)
    response.say(nobody, voice=words.voice, language=words.locale)
    response.hangup()
    return str(response)


def hung_up() -> str:
    """Say nothing and hang up."""
    response = VoiceResponse()
    response.hangup()
    return str(response)
