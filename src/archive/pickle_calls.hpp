#pragma once

#include "pickle_value.hpp"

namespace tessera::archive {

/// What REDUCE of a known name gives: an ordered dictionary, a tensor or a parameter.
/// std::invalid_argument for any other name or for arguments of the wrong kind.
PickleRef called(PickleArena& arena, PickleValue const& name, PickleValue const& arguments);

/// The storage that a persistent id ('storage', type, key, place, elements) names.
PickleRef storage_of(PickleArena& arena, PickleValue const& id);

/// The element type of torch.<Name>Storage; std::invalid_argument when there is none.
ElementType type_of_storage(std::string const& name);

}  // namespace tessera::archive
