#include "background_save.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

#include <gtest/gtest.h>

#include <tessera/base/error.hpp>

namespace tessera::train {
namespace {

TEST(BackgroundSave, TheCallerGoesOnWhileItWrites) {
    std::promise<void> gate;
    std::atomic<bool> written{false};
    BackgroundSave saving;
    saving.start([&, open = gate.get_future().share()] {
        open.wait();
        written.store(true);
    });
    EXPECT_FALSE(written.load());  // nobody has opened the gate, and `start` has returned
    gate.set_value();
    saving.wait();
    EXPECT_TRUE(written.load());
}

TEST(BackgroundSave, OneIsInFlightAtATime) {
    std::atomic<int> running{0};
    std::atomic<int> most{0};
    {
        BackgroundSave saving;
        for (int i = 0; i < 5; ++i) {
            saving.start([&] {
                most.store(std::max(most.load(), ++running));
                --running;
            });
        }
    }
    EXPECT_EQ(most.load(), 1);
}

TEST(BackgroundSave, AnErrorIsToldOnce) {
    BackgroundSave saving;
    saving.start([] { base::fail(base::ExitCode::environment, "the disk is full"); });
    while (!saving.failed()) std::this_thread::yield();
    EXPECT_THROW(saving.wait(), base::Error);
    EXPECT_FALSE(saving.failed());
    EXPECT_NO_THROW(saving.wait());
    saving.start([] { base::fail(base::ExitCode::environment, "the disk is full"); });
    EXPECT_THROW(saving.start([] {}), base::Error);
}

TEST(BackgroundSave, CopiesKeepTheirValues) {
    auto const weights = at::ones({3});
    auto const copies = copied({{"w", weights}});
    weights.zero_();
    EXPECT_EQ(copies[0].name, "w");
    EXPECT_TRUE(copies[0].tensor.equal(at::ones({3})));
}

}  // namespace
}  // namespace tessera::train
