"""The catalog that ships with the package, as data: the format, entity types, schemas, a demo."""
