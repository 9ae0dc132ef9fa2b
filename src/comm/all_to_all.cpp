#include "mpi.hpp"

#include <limits>

namespace tessera::comm {

namespace {

int count_of(std::uint64_t bytes) {
    base::validate(bytes <= static_cast<std::uint64_t>(std::numeric_limits<int>::max()),
                   base::ExitCode::failed, "a message of {} bytes is more than MPI can count",
                   bytes);
    return static_cast<int>(bytes);
}

std::vector<std::uint64_t> sizes_of(Messages const& messages) {
    std::vector<std::uint64_t> sizes;
    for (auto const& message : messages) sizes.push_back(message.size());
    return sizes;
}

}  // namespace

void all_to_all(Communicator const& comm, Messages& send, Messages& receive) {
    auto const ranks = static_cast<std::size_t>(comm.size());
    base::validate(send.size() == ranks, base::ExitCode::failed, "{} messages for {} ranks",
                   send.size(), ranks);
    receive.resize(ranks);
    auto const own = static_cast<std::size_t>(comm.rank());
    receive[own].swap(send[own]);
    if (comm.handle() == nullptr) return;
    auto const mpi = comm.handle()->mpi;
    auto const sent = sizes_of(send);
    std::vector<std::uint64_t> incoming(ranks);
    detail::check(MPI_Alltoall(sent.data(), 1, MPI_UINT64_T, incoming.data(), 1, MPI_UINT64_T, mpi),
                  "MPI_Alltoall");
    std::vector<MPI_Request> requests(2 * ranks, MPI_REQUEST_NULL);
    for (std::size_t rank = 0; rank < ranks; ++rank) {
        if (rank == own) continue;
        receive[rank].resize(incoming[rank]);
        detail::check(MPI_Irecv(receive[rank].data(), count_of(incoming[rank]), MPI_BYTE,
                                static_cast<int>(rank), 0, mpi, &requests[rank]),
                      "MPI_Irecv");
    }
    for (std::size_t rank = 0; rank < ranks; ++rank) {
        if (rank == own) continue;
        detail::check(MPI_Isend(send[rank].data(), count_of(sent[rank]), MPI_BYTE,
                                static_cast<int>(rank), 0, mpi, &requests[ranks + rank]),
                      "MPI_Isend");
    }
    detail::check(
        MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE),
        "MPI_Waitall");
}

}  // namespace tessera::comm
