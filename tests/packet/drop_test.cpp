#include <set>
#include <string>

#include <gtest/gtest.h>

#include <tessera/packet/drop.hpp>

namespace tessera::packet {

TEST(Drop, EveryReasonHasANameOfItsOwn) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < drop_reasons; ++i) names.insert(name(static_cast<Drop>(i)));
    EXPECT_EQ(names.size(), drop_reasons);
    EXPECT_EQ(names.count("unknown"), 0);
}

TEST(DropCounts, AddUp) {
    DropCounts one;
    one.add(Drop::not_ip);
    one.add(Drop::not_ip);
    DropCounts two;
    two.add(Drop::filtered);
    two += one;
    EXPECT_EQ(two[Drop::not_ip], 2);
    EXPECT_EQ(two[Drop::filtered], 1);
    EXPECT_EQ(two.total(), 3);
}

}  // namespace tessera::packet
