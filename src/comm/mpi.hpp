#pragma once

#include <mpi.h>

#include <tessera/base/error.hpp>
#include <tessera/comm/activity.hpp>
#include <tessera/comm/communicator.hpp>

namespace tessera::comm {

struct Communicator::Handle {
    MPI_Comm mpi = MPI_COMM_NULL;
    int rank = 0;
    int size = 1;
    bool owned = false;  // made by MPI_Comm_dup: freed by us
    mutable Activity activity;

    Handle(MPI_Comm group, bool own);
    ~Handle();
    Handle(Handle const&) = delete;
    Handle& operator=(Handle const&) = delete;
};

namespace detail {

/// Tells the watchdog that this rank is in a collective.
class Inside {
  public:
    Inside(Communicator const& comm, char const* collective) : activity_(comm.handle()->activity) {
        activity_.enter(collective);
    }
    ~Inside() { activity_.leave(); }
    Inside(Inside const&) = delete;
    Inside& operator=(Inside const&) = delete;

  private:
    Activity& activity_;
};

/// Throws when an MPI call failed; `call` is its name.
inline void check(int result, char const* call) {
    if (result == MPI_SUCCESS) return;
    char text[MPI_MAX_ERROR_STRING];
    int length = 0;
    MPI_Error_string(result, text, &length);
    base::fail(base::ExitCode::failed, "{} failed: {}", call, std::string(text, text + length));
}

}  // namespace detail

}  // namespace tessera::comm
