"""Free wordings of a wish not to be texted any more, in Spanish, without accents; see core.domain.reply_wordings."""

from core.domain.reply_wordings import wording

_MSG = r"(?:mensajes?|mensajitos|textos?|sms|recordatorios?|notificaciones|llamadas|alertas|texts?|messages|whatsapps?)"
_WRITE = (
    r"(?:escrib(?:an|a|as|ir\w*|iendo\w*|ieran|iera)"
    r"|contact(?:en|e|es|ar\w*|ando\w*|aran)|texte(?:en|e|es|ar\w*|ando\w*))"
)
_SEND = r"(?:mand(?:en|e|es|ar\w*|ando\w*|aran|ara)|envi(?:en|e|es|ar\w*|ando\w*|aran|ara))"
_AGAIN = r"(?:(?:me|nos|le|les|lo|la|se|vuelvan?|a|sigan?|est[ae]n?|anden?|quiero|que|pls|please) )*"
_LATER = r"(?!(?: \w+)? (?:todavia|aun|hasta|ahorita|si|cuando|hoy|manana|al doctor)\b)"
_END = r"(?= \.|$)"
_CEASE = (
    r"(?:cancel\w+|suspend\w+|deten\w+|terminen?|finalicen|paren|pare|parar"
    r"|cesen?|cesar|alto|basta|stop|quiten|bloqueen)"
)
_TAKE = r"(?:quit|saqu|sac|borr|elimin|remuev|remov|retir|baj|tach)"

STOP_ES = (
    wording(
        "asks for an end of messages",
        rf"{_CEASE}(?: \w+){{0,3}}? {_MSG}\b",
        rf"(?:nomas|ni mas|no more|ningun) (?:de )?(?:(?:estos|esos|sus|los|tantos) )?{_MSG}\b",
        rf"(?:para|paran|parale|parenle|paren|deje|dejen|deja|ya estuvo)(?: ya)? (?:de|con|a) (?:\w+ ){{0,2}}?{_MSG}\b",
        r"cancel\w+ (?:\w+ )?su[bs]?scripcion",
    ),
    wording(
        "asks not to be texted",
        rf"no {_AGAIN}(?:{_WRITE}|text (?:me|nomas|mas)|text\b){_LATER}",
        rf"no {_AGAIN}{_SEND}(?: \w+){{0,3}}? (?:{_MSG}|nada|mas|nomas|cosas)\b",
        rf"no {_AGAIN}llam(?:en|e|es|ar\w*)(?: \w+)? (?:mas|este numero)\b|ya no {_AGAIN}llam(?:en|e|es)\b",
        rf"(?:deje|dejen|deja|dejar|paren?|parar|para|stop|basta|eviten?|favor)(?:nos|me)?(?: ya)?(?: de)?(?: no)? "
        rf"(?:{_WRITE}|{_SEND}|(?:text|llam|mensaje)\w+)",
    ),
    wording(
        "does not want messages",
        r"no (?:quiero|deseo|necesito|autorizo|acepto|quisiera|queremos|deseamos|requiero|me gustan?)"
        rf"(?: \w+){{0,6}}? (?:{_MSG}|contacten|escriban|manden|envien|texteen|contactad[oa])\b",
        rf"(?:dejar de|no) (?:\w+ )?recibir (?:\w+ ){{0,2}}?(?:{_MSG}|nada)\b",
        asks=False,
    ),
    wording(
        "asks to be taken off the list",
        rf"{_TAKE}\w*(?: \w+){{0,2}}? (?:mi|este) (?:\w+ )?(?:numero|telefono|celular|cel)\b",
        rf"{_TAKE}\w*(?:me|nos|lo|la)?(?: \w+){{0,3}}? (?:de|en) (?:\w+ )?(?:\w+ )?(?:listas?|list|sistema|base)\b",
        rf"{_TAKE}\w*(?:me|nos)(?:{_END}| please| ya)",
        r"(?:dar|darme|darnos|darse|darle|deme|denme|denos|dennos|deseo|solicito|pido|den|de)(?: \w+)? (?:de )?baja\b",
        r"desuscri\w+|des ?inscri\w+|desafili\w+",
    ),
)

UNSURE_ES = (
    wording(
        "may ask for an end",
        r"^(?:ya )?(?:paren|pare|para|basta|deten\w+|parale|alto|stop|dejen|terminen)(?: (?:ya|please|con|de|esto"
        r"|eso|todo|senor\w*"
        r"|gracias))*$|ya (?:basta|paren|estuvo)",
        rf"no {_AGAIN}(?:{_SEND}|llam(?:en|e|es))\b|no text\w*",
        rf"{_TAKE}\w*(?:me|nos) de\b|{_TAKE}\w* (?:mis datos|mi nombre|mi informacion)|cancel\w+ mi numero",
        r"no (?:los|las) quiero\b|no quiero (?:nada|saber|esto|mas|esta)\b|ya nomas|ya no$",
    ),
    wording(
        "may not want messages",
        r"no me interesan?|no tengo interes|no (?:estoy|estamos) interesad\w+|no pedi|no autorice|no di permiso",
        asks=False,
    ),
    wording(
        "is annoyed",
        r"en paz|tranquil[oa]s?$|no (?:me |nos |la |lo )*(?:siga\w* )?(?:est[ae]n? )?molest\w+|dej\w+ de (?:molest"
        r"|ching|fastid|jod|estar)\w*",
        r"(?:dejen|dejenme|dejeme|dejennos) de \w+",
        rf"(?:no )?(?:chingu?en|chinga|chingada|jodan|joder|mierda)\b|(?:hart[oa]s?|cans\w+) (?:de|con) (?:\w+"
        rf" ){{0,2}}{_MSG}",
        asks=False,
    ),
    wording(
        "may be somebody else",
        r"no conozco a|aqui no vive|no vive aqui|no es (?:el|mi|su) (?:telefono|numero)|otra persona",
        r"(?:numero|persona|telefono) (?:equivocad[oa]|incorrect[oa])|equivoc\w+ (?:de )?(?:numero|persona)|se"
        r" equivoc\w+",
        r"(?:yo )?no soy (?:\w+ )?(?:\w+)$|no soy paciente|no es (?:mi|su|el) numero|ya no (?:tiene|es|usa)(?:"
        r" \w+)? (?:este|su|mi)\b",
        r"ya no soy|fallecio|fallecid[oa]|murio",
        asks=False,
    ),
)
