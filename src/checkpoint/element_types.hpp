#pragma once

#include <optional>
#include <string_view>

#include <torch/types.h>

namespace tessera::checkpoint {

/// The name of an element type in a safetensors header; none for types the layout lacks.
std::optional<std::string_view> type_name(at::ScalarType type);

/// The element type of that name; none for names we do not read.
std::optional<at::ScalarType> type_of(std::string_view name);

}  // namespace tessera::checkpoint
