#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace tessera::loader {

/// Calls make(0), make(1), .. on a thread of its own, at most `depth` results ahead of `next`. The
/// thread starts with the first `next` and ends with the object.
template <class Item>
class Prefetcher {
  public:
    using Make = std::function<Item(std::uint64_t)>;

    Prefetcher(std::size_t depth, Make make)
        : depth_(depth > 0 ? depth : 1), make_(std::move(make)) {}

    ~Prefetcher() {
        {
            std::lock_guard const lock(mutex_);
            stopping_ = true;
        }
        changed_.notify_all();
        if (thread_.joinable()) thread_.join();
    }

    Prefetcher(Prefetcher const&) = delete;
    Prefetcher& operator=(Prefetcher const&) = delete;

    /// The next result in order; rethrows what `make` threw, each time from then on.
    Item next() {
        if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
        auto const start = std::chrono::steady_clock::now();
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !ready_.empty() || failure_; });
        waited_ += std::chrono::steady_clock::now() - start;
        if (ready_.empty()) std::rethrow_exception(failure_);
        auto item = std::move(ready_.front());
        ready_.pop_front();
        changed_.notify_all();
        return item;
    }

    double waited_seconds() const { return waited_.count(); }

  private:
    void run() {
        try {
            for (std::uint64_t number = 0; wait_for_room(); ++number) push(make_(number));
        } catch (...) {
            std::lock_guard const lock(mutex_);
            failure_ = std::current_exception();
            changed_.notify_all();
        }
    }

    /// False when the object is being destroyed.
    bool wait_for_room() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopping_ || ready_.size() < depth_; });
        return !stopping_;
    }

    void push(Item item) {
        std::lock_guard const lock(mutex_);
        ready_.push_back(std::move(item));
        changed_.notify_all();
    }

    std::size_t depth_;
    Make make_;
    std::chrono::duration<double> waited_{};
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Item> ready_;
    std::exception_ptr failure_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace tessera::loader
