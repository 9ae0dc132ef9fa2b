#include "made_flows.hpp"
#include "shared_scratch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/train/shared_split.hpp>

namespace tessera::train {
namespace {

dataset::Store made_store(test::SharedScratch const& scratch) {
    if (scratch.comm.is_root()) {
        test::write_store(base::local_files(), scratch.path, test::random_units(11, 3, 120),
                          test::three_classes());
    }
    comm::barrier(scratch.comm);
    return dataset::open_store(scratch.path);
}

TEST(SharedSplit, IsMadeByTheRootAndHeldByAll) {
    test::SharedScratch const scratch;
    auto const store = made_store(scratch);
    int calls = 0;
    auto const split = shared_split(scratch.comm, [&] {
        ++calls;
        return dataset::make_split(store, {});
    });
    EXPECT_EQ(calls, scratch.comm.is_root() ? 1 : 0);
    EXPECT_EQ(split.folds(), dataset::make_split(store, {}).folds());
    EXPECT_GT(split.counts[0], 0U);
}

TEST(SharedSplit, FailsOnAllRanksAlike) {
    test::SharedScratch const scratch;
    auto const store = made_store(scratch);
    EXPECT_THROW(shared_split(scratch.comm, [&] { return dataset::load_split(store, "absent"); }),
                 comm::AgreedError);
}

}  // namespace
}  // namespace tessera::train
