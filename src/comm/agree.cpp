#include "mpi.hpp"

#include <algorithm>
#include <exception>

namespace tessera::comm {

bool agree(Communicator const& comm, bool ok) {
    return all_reduce(comm, std::int64_t{ok ? 1 : 0}, Op::min) == 1;
}

namespace {

struct Outcome {
    std::exception_ptr error;
    int code = 0;
    std::string line;
};

Outcome attempt(std::function<void()> const& work) {
    try {
        work();
        return {};
    } catch (base::Error const& error) {
        return {std::current_exception(), static_cast<int>(error.code()), error.what()};
    } catch (std::exception const& error) {
        return {std::current_exception(), static_cast<int>(base::ExitCode::failed), error.what()};
    }
}

}  // namespace

void agreed(Communicator const& comm, std::function<void()> const& work) {
    auto const own = attempt(work);
    if (agree(comm, own.error == nullptr)) return;
    auto const codes = all_gather(comm, std::to_string(own.code));
    auto const lines = all_gather(comm, own.line);
    if (own.error) std::rethrow_exception(own.error);
    auto const first =
        std::find_if(codes.begin(), codes.end(), [](auto const& c) { return c != "0"; });
    auto const rank = static_cast<std::size_t>(first - codes.begin());
    throw base::Error(static_cast<base::ExitCode>(std::stoi(*first)),
                      fmt::format("rank {} failed: {}", rank, lines[rank]));
}

}  // namespace tessera::comm
