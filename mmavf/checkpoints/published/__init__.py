"""Published models: a folder with weights, a card as JSON and as text, and no code."""

from .folder import PublishedModel, is_published, read_card, read_published, update_card, write_published

__all__ = ['PublishedModel', 'is_published', 'read_card', 'read_published', 'update_card', 'write_published']
