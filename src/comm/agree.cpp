#include "mpi.hpp"

#include <algorithm>
#include <exception>

namespace tessera::comm {

bool agree(Communicator const& comm, bool ok) {
    return all_reduce(comm, std::int64_t{ok ? 1 : 0}, Op::min) == 1;
}

namespace {

struct Outcome {
    int code = 0;  // 0: done
    std::string line;
};

Outcome attempt(std::function<void()> const& work) {
    try {
        work();
        return {};
    } catch (base::Error const& error) {
        return {static_cast<int>(error.code()), error.what()};
    } catch (std::exception const& error) {
        return {static_cast<int>(base::ExitCode::failed), error.what()};
    }
}

// The error of the lowest rank that failed, thrown by all; one has.
[[noreturn]] void fail_together(Communicator const& comm, Outcome const& own) {
    auto const codes = all_gather(comm, std::to_string(own.code));
    auto const lines = all_gather(comm, own.line);
    auto const first =
        std::find_if(codes.begin(), codes.end(), [](auto const& code) { return code != "0"; });
    auto const rank = static_cast<std::size_t>(first - codes.begin());
    bool const alike = std::ranges::all_of(lines, [&](auto const& l) { return l == lines[rank]; });
    auto const who = alike ? std::string() : fmt::format("rank {}: ", rank);
    throw AgreedError(static_cast<base::ExitCode>(std::stoi(*first)), who + lines[rank]);
}

}  // namespace

void agreed(Communicator const& comm, std::function<void()> const& work) {
    auto const own = attempt(work);
    if (!agree(comm, own.code == 0)) fail_together(comm, own);
}

void agreed_sum(Communicator const& comm, std::function<void()> const& work,
                std::span<std::uint64_t> values) {
    auto const own = attempt(work);
    std::vector<std::uint64_t> sums(values.begin(), values.end());
    sums.push_back(own.code == 0 ? 0 : 1);
    all_reduce(comm, std::span(sums), Op::sum);
    if (sums.back() != 0) fail_together(comm, own);
    std::copy_n(sums.begin(), values.size(), values.begin());
}

}  // namespace tessera::comm
