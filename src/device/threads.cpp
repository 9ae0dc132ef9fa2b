#include <algorithm>
#include <cstdlib>
#include <string>

#include <sched.h>
#include <torch/types.h>

#include <tessera/base/process.hpp>
#include <tessera/device/threads.hpp>

namespace tessera::device {

namespace {

struct Processors {
    std::string place;  ///< host and processors, the same text for ranks that share them
    int count = 1;
};

Processors own_processors() {
    auto const host = base::host_name();
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) != 0) return {host, 1};
    Processors result{host, std::max(1, CPU_COUNT(&set))};
    for (unsigned i = 0; i < CPU_SETSIZE; ++i) {
        if (CPU_ISSET(i, &set)) result.place += ' ' + std::to_string(i);
    }
    return result;
}

}  // namespace

void set_threads(comm::Communicator const& comm, std::int64_t wanted) {
    auto const own = own_processors();
    auto const places = comm::all_gather(comm, own.place);
    auto const sharing = static_cast<int>(std::ranges::count(places, own.place));
    if (wanted > 0) {
        at::set_num_threads(static_cast<int>(wanted));
    } else if (std::getenv("OMP_NUM_THREADS") == nullptr) {
        at::set_num_threads(std::max(1, own.count / sharing));
    }
}

}  // namespace tessera::device
