#pragma once

#include <cstdint>
#include <filesystem>

#include <tessera/doctor/finding.hpp>

namespace tessera::doctor {

inline constexpr std::uint64_t unlimited = UINT64_MAX;

struct LimitFacts {
    std::uint64_t open_files = unlimited;
    std::uint64_t file_bytes = unlimited;    ///< largest file one may write
    std::uint64_t locked_bytes = unlimited;  ///< memory one may lock
    std::uint64_t shared_bytes = 0;          ///< free in /dev/shm
    int ranks_on_node = 1;
    int processors = 1;  ///< that this rank may run on
    int threads = 1;     ///< OMP_NUM_THREADS, 1 where unset
    bool infiniband = false;
};

/// Of this process; `shared` is /dev/shm.
LimitFacts limit_facts(std::filesystem::path const& shared, int ranks_on_node);
Findings judge_limits(LimitFacts const& facts);

}  // namespace tessera::doctor
