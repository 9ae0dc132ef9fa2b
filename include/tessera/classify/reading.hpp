#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tessera/base/options.hpp>
#include <tessera/burst/burst.hpp>
#include <tessera/capture/capture_reader.hpp>
#include <tessera/flow/flow_table.hpp>
#include <tessera/flow/fragment_table.hpp>
#include <tessera/token/token_config.hpp>

namespace tessera::classify {

/// How captures become token sequences: the settings that the store of the training was made with,
/// as a bundle carries them.
struct Reading {
    std::string filter;                  ///< BPF expression; empty: every packet
    std::string anonymise;               ///< key of the store's addresses; tokens hold none
    std::vector<std::string> leave_out;  ///< protocols that get no answer, see packet::LeftOut
    std::int64_t min_flow_packets = 1;   ///< of stored flows; every flow is answered
    std::string join;  ///< captures that were one in several files; changes no token, nor do:
    std::int64_t share_bytes = 0;  ///< size from which ranks share a file
    std::int64_t share_parts = 0;  ///< parts of such a file
    capture::CaptureLimits capture;
    token::TokenConfig token;
    flow::FlowConfig flow;
    flow::FragmentConfig fragments;  ///< of the store; here a first piece stands for the whole
    burst::BurstLimits burst;
};

/// The sections of a bundle's preprocess.toml.
void describe(base::OptionTable& options, Reading& reading);

}  // namespace tessera::classify
