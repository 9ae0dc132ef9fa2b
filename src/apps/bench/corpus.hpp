#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tessera::apps {

/// Writes one pcap file of at least `bytes` to `path`: the Ethernet frames of the captures found in
/// `inputs`, again and again, each round with other IPv4 and IPv6 addresses and later times, so
/// that every round brings new flows. Returns the number of packets. Error(bad_input) when the
/// inputs hold no Ethernet frame.
std::uint64_t make_corpus(std::vector<std::string> const& inputs, std::uint64_t bytes,
                          std::filesystem::path const& path);

}  // namespace tessera::apps
