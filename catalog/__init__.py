"""The catalog that ships with the package: the on-disk format, entity types and schemas, as data."""
