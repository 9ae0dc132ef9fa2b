#pragma once

#include "verdict.hpp"
#include "watch_socket.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tessera::comm {

template <std::size_t size>
using Text = std::array<char, size>;

template <std::size_t size>
void put(Text<size>& to, std::string_view from) {
    to.fill('\0');
    std::ranges::copy(from.substr(0, size - 1), to.begin());
}

template <std::size_t size>
std::string taken(Text<size> const& from) {
    return {from.begin(), std::ranges::find(from, '\0')};
}

/// Random numbers that only the ranks of this job know.
using WatchToken = std::array<std::uint32_t, 4>;

/// Where rank 0 is watched from, and what proves that a caller is of this job.
struct WatchAddress {
    WatchSocket::Hosts hosts{};
    std::uint16_t port = 0;
    WatchToken token{};
};

/// A sign of life. Ranks of one job run one program, so it travels as it lies in memory.
struct WatchReport {
    WatchToken token{};
    std::int32_t rank = 0;
    bool leaves = false;
    bool inside = false;
    bool disk = false;
    std::int64_t step = -1;
    std::uint64_t collectives = 0;
    double still = 0;
    double idle = 0;
    Text<24> phase{};
    Text<24> collective{};
    Text<64> host{};
};

template <class T>
std::span<std::byte const> bytes_of(T const& value) {
    return std::as_bytes(std::span(&value, 1));
}

Standing standing_of(WatchReport const& report);

}  // namespace tessera::comm
