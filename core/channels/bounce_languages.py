"""What refusals say in other languages than English, as patterns on lower-case words for each reason."""

# \w and not [a-z]: umlauts, accents and Cyrillic belong to the words. Gaps stop where a clause ends and are short.
OTHER_LANGUAGES = {
    "full": (
        r"\b(?:postfach|mailbox|speicher\w*|posteingang)[^.;\n]{0,40}(?:voll|überschritten|erschöpft|ausgeschöpft)",
        r"hat zu ?viele (?:mails|nachrichten)",
        r"\b(?:bo[iî]te|bal|messagerie)[^.;\n]{0,40}(?:pleine|satur)|quota (?:dépassé|superado|superata|excedid)",
        r"\b(?:buz[oó]n|casilla|caixa|casella)[^.;\n]{0,40}(?:llen[oa]|excedid|cheia|lotad|piena)",
        r"mailbox (?:è|vol)\b|переполнен|превышен\w* (?:квот|лимит|размер)",
        r"skrzynk\w+[^.;\n]{0,40}(?:pełn|przepełn)|przepełnion",
        r"容量[^。\n]{0,30}(?:超|オーバー|一杯|いっぱい)|一杯です|いっぱいです|満杯|已满|空间不足|邮箱满",
    ),
    "greylisted": (r"vorübergehend|temporairement|temporalmente|временно|一時的|tymczasowo|tijdelijk",),
    "suspended": (r"gesperrt|заблокирован|停止中",),
    "moved": (r"ausgeschieden|nicht mehr (?:bei|im unternehmen)|адрес изменен|ya no trabaja|ne travaille plus",),
    "no_domain": (
        r"\b(?:domain|host|domaine|dominio|домен)\w*[^.;\n]{0,40}(?:nicht gefunden|existiert nicht|unbekannt|n'existe"
        r"|no existe|inexist|не найден|не существует|見つか|存在しま)",
    ),
    "closed": (
        r"\b(?:konto|postfach|adresse|benutzer)[^.;\n]{0,40}(?:deaktiviert|geschlossen|gelöscht|abgemeldet|nicht mehr)",
        r"\b(?:compte|adresse|boîte)[^.;\n]{0,40}(?:désactivé|fermé|supprimé|clôturé)",
        r"\bcuentas?\b[^.;\n]{0,40}(?:desactivad|cancelad|deshabilitad|cerrad)",
        r"\bcontas?\b[^.;\n]{0,40}(?:desativad|encerrad)",
        r"\b(?:ящик|аккаунт|пользовател)\w*[^.;\n]{0,40}(?:отключен|удал[её]н|неактив)|解約|退会|無効|konto zamkni",
    ),
    "no_mailbox": (
        r"\b(?:empf(?:ä|ae)nger|benutzer|adresse|postfach|konto|teilnehmer|mailbox|adressat|account)"
        r"\w*[^.;\n]{0,60}(?:unbekannt|nicht (?:gefunden|existier\w+|bekannt|vorhanden|gültig)|existier\w+ nicht"
        r"|ungültig|gibt es nicht)",
        r"unbekannte[rn]? (?:empfänger|benutzer|adress\w*|nutzer)|ungültige[rn]? (?:empfänger|adresse)",
        r"kein(?:en|e)? (?:postfach|benutzer|empfänger|mailbox)|nicht im domino",
        r"\b(?:utilisateur|destinataire|adresse|compte|bo[iî]te)\w*[^.;\n]{0,60}(?:inconnu|n'existe|inexistant|invalide"
        r"|introuvable|non (?:trouvé|valide))|non répertorié",
        r"\b(?:usuario|usuário|destinatari[oa]?|cuenta|contas?\b|direcci[oó]n|endereço|buz[oó]n|casilla|caixa)\w*[^.;\n]{0,60}"
        r"(?:desconoci|desconhecid|n[oã]o? existe|inexist|n[oã]o? encontrad|inv[aá]lid|no v[aá]lid)",
        r"\b(?:utente|destin\w*\.?|indirizzo|casella|account)\w*[^.;\n]{0,60}(?:sconosciut|errat|inesistent"
        r"|non (?:esiste|trovat|valid))|nessun utente",
        r"\b(?:gebruiker|adres|ontvanger|mailbox|postbus)\w*[^.;\n]{0,60}(?:onbekend|bestaat niet|niet gevonden)",
        r"onbekende (?:gebruiker|ontvanger)|okänd (?:användare|mottagare)|ukendt (?:bruger|modtager)",
        r"\b(?:użytkownik|adres|konto|skrzynk|odbiorc)\w*[^.;\n]{0,60}(?:nieznan|nie istnieje|nie znaleziono)",
        r"nie istnieje|nie ma takiego|brak (?:takiego )?(?:użytkownika|konta)",
        r"\b(?:пользовател|адрес|получател|ящик|аккаунт)\w*[^.;\n]{0,60}(?:не (?:найден|существует|зарегистр)|неизвест"
        r"|несуществ|отсутству)",
        r"(?:нет такого|неизвестный|несуществующ\w+|неверный) (?:пользовател|адрес|ящик|получател)",
        # '...か' is 'either not found or'
        r"存在しません|存在しない|見つかりません|みつかりません|見つからない(?!か)|宛先不明",
        r"あて先不明|登録されていま|リストにありません",
        r"(?:アドレス|宛先|ユーザー?)[^。\n]{0,30}(?:不明|間違|誤り|無効)|不存在|无此用户|查无此人|找不到",
    ),
}
