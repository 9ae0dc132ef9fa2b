#include "timed_run.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tessera/base/error.hpp>
#include <tessera/base/time.hpp>

namespace tessera::apps {

namespace {

constexpr std::size_t output_limit = 1U << 20U;

double seconds(timeval time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

[[noreturn]] void become(std::vector<std::string> const& command, int output) {
    ::dup2(output, STDOUT_FILENO);
    std::vector<char*> arguments;
    for (auto const& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
}

std::string read_all(int descriptor) {
    std::string text;
    std::array<char, 65'536> piece{};
    for (;;) {
        auto const got = ::read(descriptor, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return text;
        text.append(piece.data(), std::min(static_cast<std::size_t>(got),
                                           output_limit - std::min(output_limit, text.size())));
    }
}

}  // namespace

TimedRun run_timed(std::vector<std::string> const& command) {
    std::array<int, 2> pipe{};
    // Closed in children, also in those that another thread starts meanwhile.
    base::validate(::pipe2(pipe.data(), O_CLOEXEC) == 0, base::ExitCode::environment,
                   "cannot make a pipe: {}", std::strerror(errno));
    base::Stopwatch clock;
    auto const child = ::fork();
    base::validate(child >= 0, base::ExitCode::environment, "cannot start '{}': {}", command[0],
                   std::strerror(errno));
    if (child == 0) become(command, pipe[1]);
    ::close(pipe[1]);
    TimedRun run;
    run.output = read_all(pipe[0]);
    ::close(pipe[0]);
    int status = 0;
    rusage usage{};
    while (::wait4(child, &status, 0, &usage) < 0 && errno == EINTR) {
    }
    run.wall = clock.seconds();
    run.cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    run.peak_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
    run.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    base::validate(run.exit_code != 127, base::ExitCode::environment,
                   "cannot start '{}': is it installed?", command[0]);
    return run;
}

PairedRuns run_paired(std::vector<std::string> const& ours, std::vector<std::string> const& peer,
                      int runs) {
    PairedRuns result;
    for (int i = 0; i < runs; ++i) {
        result.ours.push_back(run_timed(ours));
        result.peer.push_back(run_timed(peer));
    }
    return result;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    auto const middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace tessera::apps
