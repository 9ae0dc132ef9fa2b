#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <tessera/baseline/matrix.hpp>
#include <tessera/dataset/store.hpp>
#include <tessera/packet/packet.hpp>

namespace tessera::baseline {

/// A labelled flow as the controls see it.
struct Example {
    std::uint64_t flow = 0;     ///< index in the store
    std::uint32_t capture = 0;  ///< index into Examples::captures
    std::int32_t label = 0;
    packet::Protocol protocol = packet::Protocol::tcp;
    packet::Endpoint responder;
};

struct Examples {
    std::vector<std::string> classes;   ///< [C]
    std::vector<std::string> captures;  ///< names of all captures of the store
    std::vector<Example> items;         ///< [n]
    std::size_t packets = 0;            ///< N, first packets looked at
    std::vector<std::int32_t> sizes;    ///< [n, N] wire bytes, negative when the responder sent it
    Matrix features{};                  ///< [n, width] as `flow_features`
    std::size_t plain = 0;              ///< leading features that name no host

    std::span<std::int32_t const> sizes_of(std::size_t item) const {
        return std::span(sizes).subspan(item * packets, packets);
    }
};

/// The labelled ones of `flows`, in order; sizes above 65,535 bytes are cut there, a flow with
/// fewer packets is filled up with 0.
Examples examples(dataset::Store const& store, std::size_t label_set,
                  std::span<std::uint64_t const> flows, std::size_t packets);

}  // namespace tessera::baseline
