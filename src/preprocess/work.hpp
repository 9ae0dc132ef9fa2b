#pragma once

#include "units.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <tessera/base/version.hpp>
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
    std::uint64_t bytes = 0;       ///< of all captures
    std::uint64_t skipped = 0;     ///< files that are no captures
    std::uint64_t unlabelled = 0;  ///< captures in no folder that could be their class

    /// See job_of.
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

/// Hash of all that decides the shards: the program, as what was done by one build is not finished
/// by another; settings, rules, and the captures as they are now.
std::string job_of(PreprocessConfig const& config, Work const& work, base::BuildInfo const& build);

/// Error(usage) or Error(bad_input) when there is nothing that can be done.
Work find_work(PreprocessConfig const& config);

}  // namespace tessera::preprocess
