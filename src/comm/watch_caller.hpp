#pragma once

#include "watch_report.hpp"
#include "watch_socket.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

namespace tessera::comm {

/// One connection at rank 0.
struct WatchCaller {
    WatchSocket socket;
    int rank = -1;  ///< not known before its first report
    std::array<std::byte, sizeof(WatchReport)> buffer{};
    std::size_t filled = 0;

    /// Whole reports that have come; none: the connection is gone.
    std::optional<std::vector<WatchReport>> reports();
};

}  // namespace tessera::comm
