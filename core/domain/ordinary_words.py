"""Words of every day that are also usual names: two of them side by side, in small letters, are no name."""

_WORDS = """
akin amber angel angle april autumn baker ball banks barb bass beam bean beard beck bell berry bias bill bills bird
bishop black bland blank bloom blunt bob bolt bond borders bounds branch bridges bright brook brooks brown bud bunch
burden burns burr bush butler candy cannon carrier carter cash cater charity chase christian clay click cliff cloud
cole cone constance cook cope couch counts craft crook cross crow crystal curl curry dale dawn dean dial do don dove
drain drew duke easter echo elder faith farmer fields fisher flood flowers ford foreman foster fountain fox frank
freed frost fry fuller funk furry gates gathers gist glass glory grace grant gray green gross grove hale hall handy
hardy harness hash hatch hawk hawks hazard hazel he heath herb hill holder holland hood hooks horn hull hung hunt
hurdle ivory ivy jack jade jay jean jewel joiner jolly joy keen key keys king knight lamb lance lane lark le leaks
lean ledger lent lily link linker long ma mac manual mark marks marshall mason masters max meadows meeker melody mercy
merry messenger meta miles miner mink minor mock moon moss mounts noble null numbers olive pace page park parks pat
patience peacock pearl peck peek peel penny pitts pointer pond pope porter potter powers price priest prudence quirk
rand ransom rash ray reed reel render rice rich rivers rob robin rod roman rook rose rounds ruby ruff rush rust rusty
sage sample samples sanders sandy savage scales seal settles shade sharp sheets shell shepherd shim shorter singleton
sizer slack slate slaughter snow spear spence stack stamps stark starling sterling steward stewart stone storer stout
strand strong sue summers sun sunny swan swift tally tanner taylor thorn trout tuck turner usher vail valentine van
vest victor violet vo wade wagner waiters waits walker wall walls ward ware warner waters weaver weeks wells west
wheat white wilt winters wise wolf wood woods workman wren young
"""
ORDINARY = frozenset(_WORDS.split())
