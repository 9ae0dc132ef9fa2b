// One rank of a training run that something happens to; started by faults_test.py under mpirun.
// fault_worker FOLDER STEPS KIND PHASE RANK: trains STEPS steps in FOLDER. On RANK, in PHASE (init,
// step, collective, save), KIND happens: stop, kill, exit, throw, block, crash; none: nothing.
// stall in load: its file system does not answer for some seconds.
#include "background_save.hpp"
#include "tiny_objective.hpp"
#include "trainer.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include <unistd.h>

#include <tessera/base/log.hpp>
#include <tessera/comm/watchdog.hpp>

namespace {

using namespace tessera;
namespace fs = std::filesystem;

constexpr std::int64_t fatal_step = 7;  // between two checkpoints
constexpr auto moment = std::chrono::milliseconds(200);
constexpr double limit = 2;  // s, of the watchdog
constexpr auto stall = std::chrono::seconds(5);

struct Fault {
    std::string kind;
    std::string phase;
    int rank = 0;
    fs::path checkpoints;
};

std::atomic<bool> main_blocks{false};
std::atomic<bool> main_throws{false};

/// In any thread; what only the main thread can do is left to its next look at `main_*`.
void strike(std::string const& kind) {
    if (kind == "stop") ::raise(SIGSTOP);
    if (kind == "kill") ::raise(SIGKILL);
    if (kind == "exit") ::_exit(0);
    if (kind == "crash") ::raise(SIGSEGV);
    if (kind == "throw") main_throws.store(true);
    if (kind == "block") main_blocks.store(true);
}

void suffer() {
    if (main_throws.load()) throw std::runtime_error("a fault on purpose");
    while (main_blocks.load()) std::this_thread::sleep_for(std::chrono::seconds(1));
}

void strike_later(std::string const& kind) {
    std::thread([kind] {
        std::this_thread::sleep_for(moment);
        strike(kind);
    }).detach();
}

/// As soon as a checkpoint is being written.
void strike_while_saving(Fault const& fault) {
    std::thread([fault] {
        for (;;) {
            std::error_code error;
            for (auto const& item : fs::directory_iterator(fault.checkpoints, error)) {
                if (item.path().extension() == ".tmp") return strike(fault.kind);
            }
            std::this_thread::sleep_for(std::chrono::microseconds(100));
        }
    }).detach();
}

/// The tiny objective, until the fault.
class FaultyObjective final : public train::Objective {
  public:
    FaultyObjective(comm::Communicator const& comm, train::LoopConfig const& config, Fault fault)
        : comm_(comm),
          fault_(std::move(fault)),
          tiny_(comm, config.micro_batches(), config.micro_batch_size) {}

    torch::nn::Module& module() override { return tiny_.module(); }
    train::Counts load(std::int64_t step) override {
        step_ = step;
        bool const mine = comm_.rank() == fault_.rank;
        if (fault_.phase == "load" && mine && step == fatal_step)
            std::this_thread::sleep_for(stall);
        return tiny_.load(step);
    }
    std::size_t micro_batches() const override { return tiny_.micro_batches(); }
    at::Tensor loss(std::size_t i, train::Counts const& counts, train::ExactSums& sums) override {
        if (i == 0 && step_ == fatal_step) begin_fault();
        suffer();
        return tiny_.loss(i, counts, sums);
    }
    train::ExactSums no_sums() const override { return tiny_.no_sums(); }
    train::Metrics metrics(train::ExactSums const& sums) const override {
        return tiny_.metrics(sums);
    }
    train::ExactSums validate(train::Stop const& stop) override { return tiny_.validate(stop); }
    std::optional<double> score(train::Metrics const&) const override { return std::nullopt; }

  private:
    void begin_fault() {
        bool const mine = comm_.rank() == fault_.rank;
        if (fault_.phase == "step" && mine) strike(fault_.kind);
        if (fault_.phase == "collective" && mine) strike_later(fault_.kind);
        // The faulty rank waits in the reduction when it strikes.
        if (fault_.phase == "collective" && !mine) std::this_thread::sleep_for(2 * moment);
        if (fault_.phase == "save" && mine) strike_while_saving(fault_);
    }

    comm::Communicator comm_;
    Fault fault_;
    train::TinyObjective tiny_;
    std::int64_t step_ = 0;
};

void train_in(fs::path const& folder, std::int64_t steps, Fault const& fault,
              comm::Communicator const& comm) {
    if (fault.phase == "init" && comm.rank() == fault.rank) strike(fault.kind);
    comm::Watchdog const watchdog(comm,
                                  {.limit = limit, .interval = 0.2, .report = folder / "lost.txt"});
    suffer();
    train::LoopConfig config;
    config.run = folder;
    config.micro_batch_size = 4;
    config.global_batch_size = 16;
    config.train_iters = steps;
    config.save_interval = 10;
    config.eval_interval = 0;
    config.log_interval = 100;
    config.precision = "fp32";
    at::set_num_threads(1);
    FaultyObjective objective(comm, config, fault);
    train::Trainer(comm, objective, config, {"fault", "[train]\n", "[model]\n", {}}).run();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6) {
        std::fprintf(stderr, "fault_worker FOLDER STEPS KIND PHASE RANK\n");
        return 2;
    }
    fs::path const folder = argv[1];
    Fault const fault{argv[3], argv[4], std::atoi(argv[5]), folder / "checkpoints"};
    comm::Environment const environment;
    auto const comm = comm::Communicator::world();
    base::start_log(base::LogLevel::info, comm.rank(), comm.size());
    try {
        train_in(folder, std::atoll(argv[2]), fault, comm);
        return 0;
    } catch (std::exception const& error) {
        std::fprintf(stderr, "rank %d: %s\n", comm.rank(), error.what());
        comm::abort_all(comm, 1);
    }
}
