#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>
#include <vector>

#include <tessera/base/bytes.hpp>
#include <tessera/checkpoint/safetensors.hpp>

namespace tessera::checkpoint {

/// What the first part of a file says, checked; entries in the order of their data.
struct SafetensorsHeader {
    std::size_t data_begin = 0;  ///< bytes from the start of the file
    std::vector<TensorEntry> entries;
    Metadata metadata;
};

/// Error(bad_input) names `path` and the fault.
SafetensorsHeader parse_header(base::ByteSpan file, std::filesystem::path const& path);

/// The JSON part alone, without the checks against the size of the data; throws
/// std::invalid_argument with the fault.
SafetensorsHeader parse_header_json(std::string_view json);

}  // namespace tessera::checkpoint
