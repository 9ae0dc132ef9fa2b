#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

namespace tessera::checkpoint {

/// `content` as the text of a file {"content": .., "xxh3_128": ..} whose every byte is vouched for.
std::string seal(nlohmann::ordered_json const& content);

/// The content of such a file; Error(bad_input) when a single bit of it has changed.
nlohmann::ordered_json unseal(std::filesystem::path const& path);

}  // namespace tessera::checkpoint
