#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

namespace tessera::dataset {

/// JSON that carries its own checksum in a fixed place (datasets/FORMAT.md, "Manifest").
struct SealedJson {
    nlohmann::json content;
    std::string checksum;  ///< 32 hex digits
};

/// The text of an object, sealed: {"checksum": .., then the keys of `content` in their order.
/// Error(usage) names the file that it is for where that would be larger than can be read.
std::string seal(nlohmann::ordered_json const& content, std::filesystem::path const& path);

/// The checksum in a sealed text.
std::string seal_of(std::string const& sealed);

/// Reads and checks; Error(bad_input) names the file.
SealedJson read_sealed(std::filesystem::path const& path);

}  // namespace tessera::dataset
