#pragma once

#include "units.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <tessera/capture/capture_files.hpp>
#include <tessera/dataset/address_anonymiser.hpp>
#include <tessera/dataset/labels.hpp>
#include <tessera/preprocess/preprocess.hpp>

namespace tessera::preprocess {

/// What there is to do: the same on every rank, as all list the same folders.
struct Work {
    dataset::LabelRules rules;
    std::vector<capture::CaptureFile> captures;  ///< sorted by path
    std::vector<Unit> units;
    std::uint64_t bytes = 0;    ///< of all captures
    std::uint64_t skipped = 0;  ///< files that are no captures

    /// Hash of all that decides the shards: settings, rules, and the captures as they are now.
    std::string job;
};

/// Packets that captures of so many bytes hold at most, as a rule: room is taken for so many at
/// once.
constexpr std::uint64_t packets_in(std::uint64_t capture_bytes) {
    constexpr std::uint64_t small_packet = 256;
    return capture_bytes / small_packet;
}

/// Makes the addresses that the store shows; null when it shows the real ones.
std::shared_ptr<dataset::AddressAnonymiser const> anonymiser_of(PreprocessConfig const& config);

/// Error(usage) or Error(bad_input) when there is nothing that can be done.
Work find_work(PreprocessConfig const& config);

}  // namespace tessera::preprocess
