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

/// Cuts the corpus at record boundaries into files of `folder` that hold these shares of its bytes,
/// in order; the folder is made.
void cut_corpus(std::filesystem::path const& path, std::vector<double> const& shares,
                std::filesystem::path const& folder);

}  // namespace tessera::apps
