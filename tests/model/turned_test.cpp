#include "turned.hpp"

#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/utils.h>

namespace tessera::model {
namespace {

TEST(Turned, IsTheTransposedMatrixOnAnyNumberOfThreads) {
    torch::manual_seed(1);
    auto const threads = at::get_num_threads();
    for (int const count : {1, 3}) {
        at::set_num_threads(count);
        for (auto const& [rows, columns] : {std::pair<std::int64_t, std::int64_t>{1, 1},
                                            {32, 32},
                                            {33, 31},
                                            {100, 7},
                                            {0, 5},
                                            {608, 256}}) {
            auto const x = torch::randn({rows, columns});
            EXPECT_TRUE(at::equal(turned(x), x.t())) << rows << " x " << columns;
        }
    }
    at::set_num_threads(threads);
}

// at::parallel_for is a template: compiled without OpenMP it would run on one thread, in silence.
TEST(Turned, LoopsOfOursRunOnLibTorchsThreads) {
#ifndef _OPENMP
    GTEST_SKIP() << "this compiler goes without OpenMP";
#endif
    auto const threads = at::get_num_threads();
    at::set_num_threads(2);
    std::mutex mutex;
    std::set<std::thread::id> seen;
    at::parallel_for(0, 2, 1, [&](std::int64_t, std::int64_t) {
        std::lock_guard const lock(mutex);
        seen.insert(std::this_thread::get_id());
    });
    at::set_num_threads(threads);
    EXPECT_EQ(seen.size(), 2U);
}

}  // namespace
}  // namespace tessera::model
