"""Contracts name what a part lacks."""

from typing import Protocol

import pytest

from mmavf.errors import ClipError, ConfigError
from mmavf.structures.contracts import check_contract, members_of


class Named(Protocol):
    """A contract.

    Attributes:
        name: Its name.
    """

    name: str

    def speak(self, loudly: bool) -> str:
        """Say something."""


class Sized(Named, Protocol):
    """A longer one."""

    size: int


def test_members_are_those_of_all_parents_and_public():
    assert members_of(Named) == ['name', 'speak']
    assert members_of(Sized) == ['name', 'speak', 'size']


class Whole:
    name = 'a'

    def __init__(self):
        self.size = 3

    def speak(self, loudly):
        return ''


def test_attributes_of_class_and_instance_and_properties_count():
    class Failing(Whole):
        @property
        def name(self):
            raise ClipError('the clip is damaged')

    check_contract(Whole(), Sized, 'it')
    check_contract(Failing(), Sized, 'it')


def test_what_is_missing_is_named():
    class Half:
        name = 'a'

    with pytest.raises(ConfigError, match=r'^my part: Half has no speak, size; see the contract tests\.\S+\.Sized$'):
        check_contract(Half(), Sized, 'my part')
