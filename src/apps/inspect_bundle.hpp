#pragma once

#include <filesystem>
#include <string>

namespace tessera::apps {

bool is_bundle(std::filesystem::path const& folder);

/// What a bundle says of itself, as JSON and for a person. Its files are not opened: `tessera
/// verify` does that. Error(bad_input) when bundle.json is no bundle's.
std::string bundle_json(std::filesystem::path const& folder);
std::string bundle_table(std::filesystem::path const& folder);

}  // namespace tessera::apps
