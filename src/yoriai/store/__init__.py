"""The database: tables, migrations, and one module per kind of row. Returns types, never rows."""
