#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <tessera/base/files.hpp>
#include <tessera/base/options.hpp>
#include <tessera/base/progress.hpp>
#include <tessera/burst/burst.hpp>
#include <tessera/capture/capture_reader.hpp>
#include <tessera/comm/communicator.hpp>
#include <tessera/dataset/manifest.hpp>
#include <tessera/flow/flow_table.hpp>
#include <tessera/flow/fragment_table.hpp>
#include <tessera/token/packet_cutter.hpp>

namespace tessera::preprocess {

struct PreprocessConfig {
    std::vector<std::string> input;   ///< files, folders, globs, @lists
    std::filesystem::path store;      ///< folder to make
    std::filesystem::path labels;     ///< rules, TOML or CSV; empty: no labels
    std::string join = "none";        ///< captures that are one in several files: capture::Join
    bool strict = false;              ///< stop at the first bad file
    std::string filter;               ///< BPF expression; empty: every packet
    std::filesystem::path anonymise;  ///< key of dataset::AddressAnonymiser; empty: real addresses
    std::vector<std::string> leave_out;     ///< protocols by name, see packet::LeftOut
    std::int64_t min_flow_packets = 1;      ///< flows of fewer packets are left out
    std::int64_t memory = 512LL << 20;      ///< bytes a rank may take, see `flow_settings`
    std::int64_t share_bytes = 64LL << 20;  ///< a capture from here on is worked on by all ranks
                                            ///< together, see `parts_of`; 0: never
    std::int64_t share_parts = 0;           ///< parts of such a capture, 2 to 16; 0: by its bytes
    bool share_memory = true;               ///< between the ranks of a node, see `NodeReading`
    capture::CaptureLimits capture;
    token::TokenConfig token;
    flow::FlowConfig flow;
    flow::FragmentConfig fragments;
    burst::BurstLimits burst;
};

void describe(base::OptionTable& options, PreprocessConfig& config);

/// Only the settings that decide what a store holds: those of `content_settings`.
void describe_content(base::OptionTable& options, PreprocessConfig& config);

/// Settings of the flow table of a rank: half of `memory` is its.
flow::FlowConfig flow_settings(PreprocessConfig const& config);

/// Bytes that columns of shards in the making may hold on a rank before they go to the disk: a
/// quarter of `memory`. The last quarter is ample for the program, reading and decoding.
std::uint64_t column_memory(PreprocessConfig const& config);

/// What a run made of its captures, and what it cost.
struct PreprocessResult {
    dataset::Manifest manifest;
    dataset::RunCost cost;
    std::uint64_t skipped = 0;          ///< files in the input folders that are no captures
    std::uint64_t resumed_units = 0;    ///< taken over from an interrupted run
    std::vector<std::string> notices;   ///< one line for each bad file
    std::vector<std::string> warnings;  ///< one line for each other thing to know before training
};

struct PreprocessMode {
    base::ProgressMode progress = base::ProgressMode::none;
    bool replace = false;  ///< a store, nothing else, gives way once the new one is whole
};

/// Captures in, token store out; every rank calls it. The captures are cut into units by size, each
/// rank turns its units into shards, rank 0 publishes the whole. The store's bytes do not depend on
/// the number of ranks. An interrupted run leaves `STORE.partial`, from which the next call with
/// the same settings and captures goes on. Bad captures are listed and cost nothing else. Throws
/// AgreedError on every rank.
PreprocessResult preprocess(comm::Communicator const& comm, PreprocessConfig const& config,
                            base::FileSystem& files, PreprocessMode const& mode);

/// What a run would do, found without writing anything. Errors as of `preprocess`, as far as
/// settings and folders tell.
struct PreprocessPlan {
    std::uint64_t captures = 0;
    std::uint64_t bytes = 0;
    std::uint64_t units = 0;    ///< shards of the store
    std::uint64_t skipped = 0;  ///< files that are no captures
};
PreprocessPlan plan(PreprocessConfig const& config, PreprocessMode const& mode);

/// The settings that decide what the store holds, as TOML: two runs with equal text and captures
/// make equal stores.
std::string content_settings(PreprocessConfig const& config);

}  // namespace tessera::preprocess
