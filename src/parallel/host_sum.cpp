#include "rank_sum.hpp"
#include "tree_sum.hpp"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace tessera::parallel {

namespace {

class HostSum : public RankSum {
  public:
    HostSum(comm::Communicator comm, Reduction reduction)
        : comm_(std::move(comm)), reduction_(reduction) {}

    void start(at::Tensor const& part) override { sum(part); }
    void finish() override {}

  protected:
    void sum(at::Tensor const& part) {
        if (reduction_ == Reduction::tree) {
            tree_sum(comm_, elements(part));
        } else {
            comm::all_reduce(comm_, elements(part), comm::Op::sum);
        }
    }

  private:
    comm::Communicator comm_;
    Reduction reduction_;
};

class OverlappedHostSum final : public HostSum {
  public:
    using HostSum::HostSum;

    /// Parts that wait are left; the one in flight ends when the other ranks come to it.
    ~OverlappedHostSum() override {
        {
            std::lock_guard const lock(mutex_);
            stopping_ = true;
        }
        changed_.notify_all();
        if (thread_.joinable()) thread_.join();
    }
    OverlappedHostSum(OverlappedHostSum const&) = delete;
    OverlappedHostSum& operator=(OverlappedHostSum const&) = delete;

    void start(at::Tensor const& part) override {
        if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
        {
            std::lock_guard const lock(mutex_);
            waiting_.push_back(part);
        }
        changed_.notify_all();
    }

    void finish() override {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return failure_ || (waiting_.empty() && !busy_); });
        if (failure_) std::rethrow_exception(failure_);
    }

  private:
    void run() {
        try {
            while (auto const part = next()) {
                sum(*part);
                done();
            }
        } catch (...) {
            std::lock_guard const lock(mutex_);
            failure_ = std::current_exception();
            changed_.notify_all();
        }
    }

    std::optional<at::Tensor> next() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (stopping_) return std::nullopt;
        auto part = std::move(waiting_.front());
        waiting_.pop_front();
        busy_ = true;
        return part;
    }

    void done() {
        std::lock_guard const lock(mutex_);
        busy_ = false;
        changed_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<at::Tensor> waiting_;
    std::exception_ptr failure_;
    bool busy_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace

std::unique_ptr<RankSum> make_host_sum(comm::Communicator const& comm, Reduction reduction,
                                       Overlap overlap) {
    if (overlap == Overlap::on) return std::make_unique<OverlappedHostSum>(comm, reduction);
    return std::make_unique<HostSum>(comm, reduction);
}

}  // namespace tessera::parallel
