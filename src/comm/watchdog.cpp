#include "mpi.hpp"
#include "pulse.hpp"
#include "verdict.hpp"
#include "watch_caller.hpp"
#include "watch_report.hpp"
#include "watch_socket.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <mutex>
#include <optional>
#include <random>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include <tessera/base/files.hpp>
#include <tessera/base/log.hpp>
#include <tessera/base/time.hpp>
#include <tessera/comm/watchdog.hpp>

namespace tessera::comm {

namespace {

using Link = Standing::Link;

constexpr std::byte alive{'k'};
constexpr std::byte the_end{'e'};
constexpr std::byte goodbye{'g'};
constexpr double grace = 5;  // s that MPI gets to end the job

WatchToken random_token() {
    std::random_device device;
    return {device(), device(), device(), device()};
}

/// True when the launcher says that all ranks run on this node.
bool on_one_node(int ranks) {
    auto const* const local = std::getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
    return local != nullptr && std::to_string(ranks) == local;
}

}  // namespace

class Watchdog::Thread {
  public:
    Thread(Communicator const& comm, WatchdogConfig config)
        : comm_(comm), config_(std::move(config)) {
        if (comm_.is_root()) open();
        thread_ = std::thread([this] { run(); });
        broadcast(comm_, std::as_writable_bytes(std::span(&address_, 1)), 0);
        std::lock_guard const lock(mutex_);
        known_ = true;
    }

    ~Thread() {
        {
            std::lock_guard const lock(mutex_);
            stopping_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }

  private:
    void open() {
        auto const reach = on_one_node(comm_.size()) ? WatchSocket::Reach::this_node
                                                     : WatchSocket::Reach::all_nodes;
        listener_.emplace(WatchSocket::listening(reach));
        address_.hosts = WatchSocket::own_hosts(reach);
        address_.port = listener_->port();
        address_.token = random_token();
        ranks_.resize(static_cast<std::size_t>(comm_.size()));
        heard_.resize(ranks_.size());
    }

    void run() {
        try {
            while (!pause()) {
                if (was_stopped()) forgive();
                comm_.is_root() ? watch() : report();
            }
            say_goodbye();
        } catch (std::exception const& error) {
            base::log_warning("ranks are not watched any more: {}", error.what());
        }
    }

    /// Waits for one interval; true when this rank leaves.
    bool pause() {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::duration<double>(config_.interval),
                          [this] { return stopping_; });
        return stopping_;
    }

    /// A suspended job (scontrol suspend, a paused virtual machine) stops this thread too.
    bool was_stopped() {
        auto const turn = turn_.seconds();
        turn_.restart();
        return turn > config_.interval + config_.limit / 2;
    }

    /// Each rank gets the whole limit again: those that were stopped as well will be heard.
    void forgive() {
        for (auto& heard : heard_) heard.restart();
        heard_root_.restart();
        pulse_.restart();
        for (auto& rank : ranks_) rank.still = rank.idle = rank.silent = 0;
    }

    WatchReport own_report() {
        auto report = pulse_.report(comm_.handle()->activity.place());
        report.rank = comm_.rank();
        return report;
    }

    // Rank 0.

    void watch() {
        while (callers_.size() < 2 * ranks_.size() + 16) {
            auto socket = listener_->accepted();
            if (!socket) break;
            callers_.push_back({.socket = std::move(*socket)});
        }
        for (auto& caller : callers_) listen_to(caller);
        std::erase_if(callers_, [](auto const& caller) { return caller.rank == gone; });
        ranks_[0] = standing_of(own_report());
        heard_[0].restart();
        for (std::size_t rank = 0; rank < ranks_.size(); ++rank)
            ranks_[rank].silent = heard_[rank].seconds();
        if (auto const line = judge(ranks_, config_.limit)) end_job(*line);
        tell_all(alive);
    }

    void listen_to(WatchCaller& caller) {
        auto const reports = caller.reports();
        if (!reports) return close(caller);
        for (auto const& report : *reports) {
            if (report.token != address_.token || report.rank < 1 || report.rank >= comm_.size()) {
                caller.rank = gone;  // a stranger
                return;
            }
            caller.rank = report.rank;
            auto const place = static_cast<std::size_t>(report.rank);
            ranks_[place] = standing_of(report);
            heard_[place].restart();
        }
    }

    void close(WatchCaller& caller) {
        if (caller.rank > 0) {
            auto& rank = ranks_[static_cast<std::size_t>(caller.rank)];
            if (rank.link != Link::goodbye) rank.link = Link::broken;
        }
        caller.rank = gone;
    }

    void tell_all(std::byte word) {
        for (auto const& caller : callers_) caller.socket.send(bytes_of(word));
    }

    // The other ranks.

    void report() {
        if (!root_ && !connect()) return;
        auto message = own_report();
        message.token = address_.token;
        root_->send(bytes_of(message));
        std::array<std::byte, 64> words{};
        for (;;) {
            auto const got = root_->receive(words);
            if (!got) {
                if (!root_left_) end_job("rank 0 ended without a word");
                return;
            }
            if (*got == 0) break;
            heard_root_.restart();
            auto const said = std::span(words).first(*got);
            root_left_ = root_left_ || std::ranges::find(said, goodbye) != said.end();
            if (std::ranges::find(said, the_end) != said.end()) end_quietly();
        }
        if (!root_left_ && heard_root_.seconds() > config_.limit)
            end_job("rank 0 is silent (stopped, or its node is gone)");
    }

    /// False while rank 0 has not said where it is.
    bool connect() {
        {
            std::lock_guard const lock(mutex_);
            if (!known_) {
                if (heard_root_.seconds() > config_.limit)
                    end_job("rank 0 has not come to the start");
                return false;
            }
        }
        root_ = WatchSocket::connected(address_.hosts, address_.port, config_.limit);
        if (!root_) {
            end_job(
                fmt::format("cannot reach rank 0 at {} port {} to be watched (a firewall between "
                            "nodes?); --hang-limit 0 trains without a watchdog",
                            to_text(address_.hosts), address_.port));
        }
        heard_root_.restart();
        return true;
    }

    void say_goodbye() {
        if (comm_.is_root()) return tell_all(goodbye);
        if (!root_) return;
        auto message = own_report();
        message.token = address_.token;
        message.leaves = true;
        root_->send(bytes_of(message));
    }

    // The end.

    [[noreturn]] void end_job(std::string const& why) {
        auto text = why;
        base::log_error("the job is ended: {}", why);
        for (std::size_t rank = 0; rank < ranks_.size(); ++rank) {
            auto const line = described(rank, ranks_[rank]);
            base::log_error("{}", line);
            text += "\n" + line;
        }
        try {
            if (comm_.is_root() && !config_.report.empty())
                base::publish(base::local_files(), config_.report, text + "\n");
        } catch (std::exception const& error) {
            base::log_warning("{}", error.what());
        }
        tell_all(the_end);
        end_quietly();
    }

    [[noreturn]] void end_quietly() {
        std::thread([] {
            std::this_thread::sleep_for(std::chrono::duration<double>(grace));
            std::_Exit(static_cast<int>(base::ExitCode::failed));
        }).detach();
        abort_all(comm_, static_cast<int>(base::ExitCode::failed));
    }

    static constexpr int gone = -2;

    Communicator comm_;
    WatchdogConfig config_;
    WatchAddress address_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;
    bool known_ = false;  // where rank 0 listens
    Pulse pulse_;
    base::Stopwatch turn_;  // since the last look

    std::optional<WatchSocket> listener_;  // rank 0
    std::vector<WatchCaller> callers_;
    std::vector<Standing> ranks_;
    std::vector<base::Stopwatch> heard_;  // [rank] since the last word

    std::optional<WatchSocket> root_;  // other ranks: the connection to rank 0
    base::Stopwatch heard_root_;
    bool root_left_ = false;

    std::thread thread_;
};

Watchdog::Watchdog(Communicator const& comm, WatchdogConfig config) {
    if (comm.size() > 1 && config.limit > 0)
        thread_ = std::make_unique<Thread>(comm, std::move(config));
}

Watchdog::~Watchdog() = default;

}  // namespace tessera::comm
