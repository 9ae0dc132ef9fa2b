#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace tessera::preprocess {

/// The packets behind a text of byte bigrams ("4500 0028 281c"), as bytes; nothing when a word is
/// not four hex digits, when there is none, or when a packet is longer than a flow can hold.
std::optional<std::vector<std::vector<std::byte>>> packets_of(std::string_view text);

}  // namespace tessera::preprocess
