#include "mpi.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace tessera::comm {

namespace {

// MPI counts in int: longer arrays go in pieces. Below INT_MAX so that a test can lower it.
constexpr std::size_t largest_count = std::size_t{1} << 30U;

template <class T>
MPI_Datatype type_of();
template <>
MPI_Datatype type_of<float>() {
    return MPI_FLOAT;
}
template <>
MPI_Datatype type_of<double>() {
    return MPI_DOUBLE;
}
template <>
MPI_Datatype type_of<std::int64_t>() {
    return MPI_INT64_T;
}
template <>
MPI_Datatype type_of<std::uint64_t>() {
    return MPI_UINT64_T;
}

MPI_Op to_mpi(Op op) {
    switch (op) {
        case Op::sum:
            return MPI_SUM;
        case Op::min:
            return MPI_MIN;
        case Op::max:
            break;
    }
    return MPI_MAX;
}

template <class T>
void reduce_in_place(Communicator const& comm, std::span<T> values, Op op) {
    if (comm.handle() == nullptr) return;
    detail::Inside const inside(comm, "all_reduce");
    for (std::size_t begin = 0; begin < values.size(); begin += largest_count) {
        auto const count = std::min(largest_count, values.size() - begin);
        detail::check(MPI_Allreduce(MPI_IN_PLACE, values.data() + begin, static_cast<int>(count),
                                    type_of<T>(), to_mpi(op), comm.handle()->mpi),
                      "MPI_Allreduce");
    }
}

template <class T>
T reduce_one(Communicator const& comm, T value, Op op) {
    reduce_in_place(comm, std::span(&value, 1), op);
    return value;
}

}  // namespace

void all_reduce(Communicator const& comm, std::span<float> values, Op op) {
    reduce_in_place(comm, values, op);
}
void all_reduce(Communicator const& comm, std::span<double> values, Op op) {
    reduce_in_place(comm, values, op);
}
void all_reduce(Communicator const& comm, std::span<std::int64_t> values, Op op) {
    reduce_in_place(comm, values, op);
}
void all_reduce(Communicator const& comm, std::span<std::uint64_t> values, Op op) {
    reduce_in_place(comm, values, op);
}

double all_reduce(Communicator const& comm, double value, Op op) {
    return reduce_one(comm, value, op);
}
std::int64_t all_reduce(Communicator const& comm, std::int64_t value, Op op) {
    return reduce_one(comm, value, op);
}

void broadcast(Communicator const& comm, std::span<std::byte> bytes, int root) {
    if (comm.handle() == nullptr) return;
    detail::Inside const inside(comm, "broadcast");
    for (std::size_t begin = 0; begin < bytes.size(); begin += largest_count) {
        auto const count = std::min(largest_count, bytes.size() - begin);
        detail::check(MPI_Bcast(bytes.data() + begin, static_cast<int>(count), MPI_BYTE, root,
                                comm.handle()->mpi),
                      "MPI_Bcast");
    }
}

void broadcast(Communicator const& comm, std::string& text, int root) {
    std::uint64_t size = text.size();
    broadcast(comm, std::as_writable_bytes(std::span(&size, 1)), root);
    text.resize(size);
    broadcast(comm, std::as_writable_bytes(std::span(text)), root);
}

std::vector<std::string> all_gather(Communicator const& comm, std::string const& text) {
    if (comm.handle() == nullptr) return {text};
    std::vector<std::string> texts(static_cast<std::size_t>(comm.size()));
    texts[static_cast<std::size_t>(comm.rank())] = text;
    for (int root = 0; root < comm.size(); ++root) {
        broadcast(comm, texts[static_cast<std::size_t>(root)], root);
    }
    return texts;
}

void barrier(Communicator const& comm) {
    if (comm.handle() == nullptr) return;
    detail::Inside const inside(comm, "barrier");
    detail::check(MPI_Barrier(comm.handle()->mpi), "MPI_Barrier");
}

void exchange(Communicator const& comm, int peer, std::span<float const> send,
              std::span<float> receive) {
    base::validate(comm.handle() != nullptr && send.size() == receive.size(),
                   base::ExitCode::failed, "exchange needs a peer and buffers of one size");
    detail::Inside const inside(comm, "exchange");
    for (std::size_t begin = 0; begin < send.size(); begin += largest_count) {
        auto const count = static_cast<int>(std::min(largest_count, send.size() - begin));
        detail::check(
            MPI_Sendrecv(send.data() + begin, count, MPI_FLOAT, peer, 0, receive.data() + begin,
                         count, MPI_FLOAT, peer, 0, comm.handle()->mpi, MPI_STATUS_IGNORE),
            "MPI_Sendrecv");
    }
}

}  // namespace tessera::comm
