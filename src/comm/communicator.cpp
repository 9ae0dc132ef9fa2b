#include "mpi.hpp"

#include <cstdlib>
#include <initializer_list>

#include <tessera/comm/communicator.hpp>

namespace tessera::comm {

namespace {

// Set by mpirun, srun --mpi=pmix and srun --mpi=pmi2 for each process they start. Without one,
// MPI_Init would start a lone process slowly, so it is left out.
bool launched_by_mpi() {
    for (auto const* variable : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK", "PMI_SIZE"}) {
        if (std::getenv(variable) != nullptr) return true;
    }
    return false;
}

// The number of processes that a launcher says it started, from the variables it gives each of
// them; 1 when none says so. mpirun of any maker goes before Slurm, which may have started mpirun
// itself.
int announced_processes() {
    for (auto const* variable : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
        if (auto const* text = std::getenv(variable)) return std::atoi(text);
    }
    return 1;
}

bool mpi_is_running() {
    int started = 0;
    int ended = 0;
    MPI_Initialized(&started);
    if (started != 0) MPI_Finalized(&ended);
    return started != 0 && ended == 0;
}

}  // namespace

Environment::Environment() : announced_(announced_processes()) {
    if (!launched_by_mpi() || mpi_is_running()) return;
    int provided = 0;
    detail::check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided),
                  "MPI_Init_thread");
    started_ = true;
}

void Environment::require_whole_launch() const {
    auto const size = Communicator::world().size();
    base::validate(size > 1 || announced_ <= 1, base::ExitCode::environment,
                   "started as one of {} processes, but MPI sees this one alone, so each would do "
                   "the whole work: launch with `srun --mpi=pmix` (or the mpirun of the Open MPI "
                   "this was built with; in a container: the same major version of PMIx inside "
                   "and outside); {} separate runs are meant? then start each with `env -u "
                   "SLURM_STEP_NUM_TASKS`",
                   announced_, announced_);
}

Environment::~Environment() {
    if (started_ && mpi_is_running()) MPI_Finalize();
}

Communicator::Handle::Handle(MPI_Comm group, bool own) : mpi(group), owned(own) {
    MPI_Comm_set_errhandler(mpi, MPI_ERRORS_RETURN);
    detail::check(MPI_Comm_rank(mpi, &rank), "MPI_Comm_rank");
    detail::check(MPI_Comm_size(mpi, &size), "MPI_Comm_size");
}

Communicator::Handle::~Handle() {
    if (owned && mpi_is_running()) MPI_Comm_free(&mpi);
}

Communicator Communicator::world() {
    Communicator result;
    if (mpi_is_running()) result.handle_ = std::make_shared<Handle const>(MPI_COMM_WORLD, false);
    return result;
}

int Communicator::rank() const {
    return handle_ ? handle_->rank : 0;
}

int Communicator::size() const {
    return handle_ ? handle_->size : 1;
}

Communicator Communicator::duplicate() const {
    Communicator result;
    if (!handle_) return result;
    MPI_Comm copy = MPI_COMM_NULL;
    detail::check(MPI_Comm_dup(handle_->mpi, &copy), "MPI_Comm_dup");
    result.handle_ = std::make_shared<Handle const>(copy, true);
    return result;
}

void abort_all(Communicator const& comm, int code) noexcept {
    if (comm.handle() != nullptr) MPI_Abort(comm.handle()->mpi, code);
    std::_Exit(code);
}

void note(Communicator const& comm, std::int64_t step, char const* phase, Activity::Pace pace) {
    if (comm.handle() != nullptr) comm.handle()->activity.note(step, phase, pace);
}

void tick(Communicator const& comm) {
    if (comm.handle() != nullptr) comm.handle()->activity.tick();
}

void tick(Communicator const& comm, Activity::Pace pace) {
    if (comm.handle() != nullptr) comm.handle()->activity.tick(pace);
}

Slice shard(std::size_t total, int rank, int size) {
    auto const ranks = static_cast<std::size_t>(size);
    auto const place = static_cast<std::size_t>(rank);
    auto const each = total / ranks;
    auto const longer = total % ranks;  // the first `longer` ranks take one more
    auto const begin = place * each + (place < longer ? place : longer);
    return {begin, begin + each + (place < longer ? 1 : 0)};
}

Slice shard(std::size_t total, Communicator const& comm) {
    return shard(total, comm.rank(), comm.size());
}

}  // namespace tessera::comm
