"""The Django project and its one app: people, documents, labels, pages, API."""
