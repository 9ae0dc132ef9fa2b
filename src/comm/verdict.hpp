#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace tessera::comm {

/// What rank 0 knows of a rank.
struct Standing {
    enum class Link { awaited, up, goodbye, broken };
    Link link = Link::awaited;
    double silent = 0;  ///< s since its last sign of life (awaited: since the start)
    double still = 0;   ///< s its main thread has stood at one place
    double idle = 0;    ///< s of these without using its processor
    bool inside = false;
    bool disk = false;  ///< may wait for a disk
    std::uint64_t collectives = 0;
    std::int64_t step = -1;
    std::string phase;
    std::string collective;
    std::string host;
};

/// A line that names the ranks that are lost and why; none while all is well.
std::optional<std::string> judge(std::span<Standing const> ranks, double limit);

/// "rank 3 on node7: step 120, backward, in all_reduce number 4512, still for 31 s".
std::string described(std::size_t rank, Standing const& standing);

}  // namespace tessera::comm
