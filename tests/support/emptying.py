"""Puts a PostgreSQL database back as the migrations left it, without making it anew."""

from __future__ import annotations

import psycopg
from psycopg import sql

# every table, column, index and constraint: a test that changed one of them leaves its database unusable
LAYOUT = """
WITH own AS (SELECT oid, relname FROM pg_class WHERE relnamespace = 'public'::regnamespace)
SELECT md5(string_agg(line, '\n' ORDER BY line)) FROM (
    SELECT concat_ws(' ', relname, attname, attnum, atttypid, atttypmod, attnotnull, atthasdef) AS line
    FROM own JOIN pg_attribute ON attrelid = own.oid WHERE attnum > 0
    UNION ALL
    SELECT concat_ws(' ', relname, indkey, indisunique, indisprimary) FROM own JOIN pg_index ON indexrelid = own.oid
    UNION ALL
    SELECT concat_ws(' ', relname, conname, contype, conkey, confkey) FROM own JOIN pg_constraint ON conrelid = own.oid
) AS lines
"""
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
SEQUENCES = "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' ORDER BY sequencename"
OTHERS = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"


class Emptying:
    """Knows the content and the layout of the template, and brings other databases back to them."""

    def __init__(self, template: str) -> None:
        with psycopg.connect(template, autocommit=True) as connection:
            self._layout = connection.execute(LAYOUT).fetchone()
            tables = [name for (name,) in connection.execute(TABLES)]
            sequences = [name for (name,) in connection.execute(SEQUENCES)]
            self._content = {name: rows for name in tables if (rows := _copy_out(connection, name))}
        words = [sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for name in tables]
        words += [sql.SQL("ALTER SEQUENCE {} RESTART").format(sql.Identifier(name)) for name in sequences]
        self._clearing = sql.SQL(";").join(words)

    def empty(self, address: str) -> bool:
        """Bring this database back; False when its layout is not the template's any more."""
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(OTHERS, [connection.info.backend_pid])
            if connection.execute(LAYOUT).fetchone() != self._layout:
                return False
            with connection.transaction():
                # foreign keys wait until the content is back
                connection.execute("SET LOCAL session_replication_role = replica")
                connection.execute(self._clearing)
                for name, rows in self._content.items():
                    _copy_in(connection, name, rows)
        return True


def _copy_out(connection: psycopg.Connection, table: str) -> bytes:
    with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy:
        return b"".join(bytes(part) for part in copy)


def _copy_in(connection: psycopg.Connection, table: str, rows: bytes) -> None:
    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
        copy.write(rows)
