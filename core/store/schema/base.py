"""What all tables share: one catalogue with names for every constraint, and numbers for rows."""

from sqlalchemy import BigInteger, Integer, MetaData, String

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
LongId = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only for INTEGER
# Compared byte by byte on every database, so that a range of texts is what begins with the same letters.
Bytewise = String(64).with_variant(String(64, collation="C"), "postgresql")
LongBytewise = String(96).with_variant(String(96, collation="C"), "postgresql")
