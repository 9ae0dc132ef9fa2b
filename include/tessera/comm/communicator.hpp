#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <tessera/base/error.hpp>

namespace tessera::comm {

/// Starts MPI when the program was launched by mpirun or srun and ends it on destruction; a plain
/// start stays a single process without MPI. Make one in main, before any communicator.
class Environment {
  public:
    Environment();
    ~Environment();
    Environment(Environment const&) = delete;
    Environment& operator=(Environment const&) = delete;

    /// Error(environment) when a launcher started several processes that do not see each other:
    /// without MPI between them each would believe that it is alone.
    void require_whole_launch() const;

    /// Processes that the launcher says it started (1 without a launcher).
    int announced() const { return announced_; }

  private:
    int announced_ = 1;
    bool started_ = false;
};

/// A group of ranks. A value that is passed, never a global; the default one is a single process.
/// Copies share the group; every rank must make the same copies and calls in the same order.
class Communicator {
  public:
    Communicator() = default;

    /// All ranks of the launch (needs a living Environment).
    static Communicator world();

    int rank() const;
    int size() const;
    bool is_root() const { return rank() == 0; }

    /// A group of its own with the same ranks, so that its messages never meet those of others.
    Communicator duplicate() const;

    struct Handle;
    Handle const* handle() const { return handle_.get(); }

  private:
    std::shared_ptr<Handle const> handle_;  // null: one process
};

enum class Op { sum, min, max };

/// Collectives: every rank calls with the same count; element counts, not bytes, of any size (split
/// inside where MPI counts in int). Blocking. An MPI error throws Error(failed) naming the call.
void all_reduce(Communicator const& comm, std::span<float> values, Op op);
void all_reduce(Communicator const& comm, std::span<double> values, Op op);
void all_reduce(Communicator const& comm, std::span<std::int64_t> values, Op op);
void all_reduce(Communicator const& comm, std::span<std::uint64_t> values, Op op);

double all_reduce(Communicator const& comm, double value, Op op);
std::int64_t all_reduce(Communicator const& comm, std::int64_t value, Op op);

void broadcast(Communicator const& comm, std::span<std::byte> bytes, int root);
void broadcast(Communicator const& comm, std::string& text, int root);  ///< any length

/// Every rank's text, in rank order, on every rank.
std::vector<std::string> all_gather(Communicator const& comm, std::string const& text);

void barrier(Communicator const& comm);

/// One message of bytes a rank.
using Messages = std::vector<std::vector<std::byte>>;

/// Rank r gets `send[r]` of every rank; `receive[r]` is what rank r sent here. `receive` keeps its
/// memory from call to call; a rank's message to itself changes places with `receive`. A message
/// may be as long as MPI counts in int.
void all_to_all(Communicator const& comm, Messages& send, Messages& receive);

/// Swaps `send` and `receive` (same count) with rank `peer`, which makes the matching call. The
/// building block of reductions in a fixed order.
void exchange(Communicator const& comm, int peer, std::span<float const> send,
              std::span<float> receive);

/// True when every rank says true. Call it between fallible work and the next collective, so that
/// no rank waits for one that threw.
bool agree(Communicator const& comm, bool ok);

/// An error that every rank of a group throws at the same place: the program may end in good order.
class AgreedError : public base::Error {
  public:
    using base::Error::Error;
};

/// Runs `work` on this rank; if it throws anywhere, every rank throws AgreedError with the code and
/// the line of the lowest failing rank.
void agreed(Communicator const& comm, std::function<void()> const& work);

/// The same, and what `work` put into `values` (as many on every rank) is summed over the ranks in
/// the collective that it takes in any case.
void agreed_sum(Communicator const& comm, std::function<void()> const& work,
                std::span<std::uint64_t> values);

/// Ends all ranks with `code` (a fault that cannot be agreed on).
[[noreturn]] void abort_all(Communicator const& comm, int code) noexcept;

/// A share of `total` things: [begin, end).
struct Slice {
    std::size_t begin = 0;
    std::size_t end = 0;

    std::size_t size() const { return end - begin; }
    bool operator==(Slice const&) const = default;
};

/// The share of this rank; shares differ by at most one and are in rank order.
Slice shard(std::size_t total, Communicator const& comm);
Slice shard(std::size_t total, int rank, int size);

}  // namespace tessera::comm
