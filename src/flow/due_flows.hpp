#pragma once

#include "packed_key.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>

#include <tessera/base/time.hpp>
#include <tessera/flow/elapsed.hpp>

namespace tessera::flow {

/// A flow as it was opened. Its key may belong to a later flow by now: the first time tells.
struct DueFlow {
    PackedKey key;
    std::uint32_t hash = 0;
    base::Nanoseconds first_time = 0;  ///< of its first packet
    base::Nanoseconds opened = 0;      ///< clock when that packet came
};

/// Flows in the order in which they were opened, to be looked at a fixed time later. Flows that are
/// gone stay in it until then, or until they outnumber those that run.
class DueFlows {
  public:
    explicit DueFlows(double wait) : wait_(wait) {}

    void add(DueFlow const& flow) { flows_.push_back(flow); }

    /// Calls `show` with each flow that is due, and lets go of it.
    template <class Show>
    void take_due(base::Nanoseconds clock, Show const& show) {
        while (!flows_.empty() && wait_.reached(flows_.front().opened, clock)) {
            auto const flow = flows_.front();
            flows_.pop_front();  // first: `show` may throw
            show(flow);
        }
    }

    /// Lets go of flows that are not `still_wanted`, when most may be of that kind.
    template <class StillWanted>
    void trim(std::size_t running, StillWanted const& still_wanted) {
        if (flows_.size() <= 2 * running + spare) return;
        std::erase_if(flows_, [&](DueFlow const& flow) { return !still_wanted(flow); });
    }

    void clear() { flows_.clear(); }
    std::size_t size() const { return flows_.size(); }

  private:
    static constexpr std::size_t spare = 1024;  // not worth a look at all of them

    Timeout wait_;
    std::deque<DueFlow> flows_;
};

}  // namespace tessera::flow
