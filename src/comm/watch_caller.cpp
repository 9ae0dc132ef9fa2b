#include "watch_caller.hpp"

#include <cstring>
#include <span>

namespace tessera::comm {

std::optional<std::vector<WatchReport>> WatchCaller::reports() {
    std::vector<WatchReport> whole;
    for (;;) {
        auto const got = socket.receive(std::span(buffer).subspan(filled));
        if (!got) return whole.empty() ? std::nullopt : std::optional(whole);
        if (*got == 0) return whole;
        filled += *got;
        if (filled < buffer.size()) continue;
        std::memcpy(&whole.emplace_back(), buffer.data(), buffer.size());
        filled = 0;
    }
}

}  // namespace tessera::comm
