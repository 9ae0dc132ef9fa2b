#include "due_flows.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace tessera::flow {
namespace {

constexpr auto second = base::nanoseconds_per_second;

DueFlow opened_at(base::Nanoseconds clock) {
    DueFlow flow;
    flow.opened = clock;
    return flow;
}

TEST(DueFlows, GivesEachOnceInOrderWhenItIsDue) {
    DueFlows flows(2);
    for (int i = 0; i < 3; ++i) flows.add(opened_at(i * second));
    std::vector<base::Nanoseconds> due;
    auto const note = [&](DueFlow const& flow) { due.push_back(flow.opened); };
    flows.take_due(2 * second - 1, note);
    EXPECT_TRUE(due.empty());
    flows.take_due(3 * second, note);
    flows.take_due(3 * second, note);
    EXPECT_EQ(due, (std::vector<base::Nanoseconds>{0, second}));
    EXPECT_EQ(flows.size(), 1U);
}

// A flood of flows that are evicted long before they are due must not fill the memory.
TEST(DueFlows, FlowsThatAreGoneNeverOutnumberThoseThatRunByMuch) {
    DueFlows flows(1000);
    constexpr std::size_t running = 10;
    std::size_t most = 0;
    for (int i = 0; i < 100'000; ++i) {
        flows.add(opened_at(i));
        flows.trim(running, [&](DueFlow const& flow) { return flow.opened > i - 10; });
        most = std::max(most, flows.size());
    }
    EXPECT_LE(most, 2 * running + 1024);
    EXPECT_GE(flows.size(), running);
}

}  // namespace
}  // namespace tessera::flow
