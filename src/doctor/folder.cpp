#include "folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/base/process.hpp>
#include <tessera/base/progress.hpp>

namespace tessera::doctor {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t few_files = 1000;  // a store and a run together make some hundred

fs::path nearest_existing(fs::path path) {
    std::error_code error;
    path = fs::absolute(path, error).lexically_normal();
    while (!fs::exists(path, error) && path.has_relative_path()) path = path.parent_path();
    return path;
}

std::string try_to_write(fs::path const& file) {
    try {
        base::publish(base::local_files(), file, "written by tessera doctor\n");
    } catch (base::Error const& error) {
        return error.what();
    }
    return {};
}

std::string try_to_lock(fs::path const& file) {
    auto const descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
    if (descriptor < 0) return std::strerror(errno);
    auto const locked = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
    std::string error = locked ? "" : std::strerror(errno);
    ::close(descriptor);
    return error;
}

bool hdf5_locks() {
    auto const* value = std::getenv("HDF5_USE_FILE_LOCKING");
    if (value == nullptr) return true;
    std::string_view const text = value;
    return text != "FALSE" && text != "0" && text != "BEST_EFFORT";
}

Finding judge_locks(FolderFacts const& facts, std::string const& where) {
    if (facts.lock_error.empty()) return {"locking", Level::fine, "files can be locked", ""};
    if (facts.hdf5_locks) {
        return {"locking", Level::fault,
                fmt::format("files in '{}' cannot be locked ({}), and HDF5 tries to", where,
                            facts.lock_error),
                "export HDF5_USE_FILE_LOCKING=FALSE; every file has one writer"};
    }
    return {"locking", Level::warning,
            fmt::format("files in '{}' cannot be locked ({})", where, facts.lock_error),
            "two jobs on one run folder would not notice each other: give each its own"};
}

}  // namespace

std::string probe_name(std::string_view host, int rank, int process) {
    return fmt::format(".tessera-doctor.{}.{}.{}", host, rank, process);
}

FolderFacts folder_facts(fs::path const& folder, int rank) {
    FolderFacts facts;
    facts.path = nearest_existing(folder);
    facts.hdf5_locks = hdf5_locks();
    auto const probe = facts.path / probe_name(base::host_name(), rank, ::getpid());
    facts.write_error = try_to_write(probe);
    if (facts.write_error.empty()) facts.lock_error = try_to_lock(probe);
    std::error_code ignored;
    fs::remove(probe, ignored);
    struct statvfs info {};
    if (::statvfs(facts.path.c_str(), &info) == 0) {
        facts.free_bytes = std::uint64_t{info.f_bavail} * info.f_frsize;
        facts.free_files = info.f_favail;
        facts.counts_files = info.f_files > 0;
    }
    return facts;
}

Findings judge_folder(FolderFacts const& facts, std::uint64_t need_bytes) {
    auto const where = base::printable(facts.path.string());
    if (!facts.write_error.empty()) {
        return {{"folder", Level::fault, facts.write_error,
                 "choose a folder that this node can write to, or make room in it"}};
    }
    Findings findings{judge_locks(facts, where)};
    auto const free = base::short_count(static_cast<double>(facts.free_bytes));
    if (facts.free_bytes < need_bytes) {
        findings.push_back({"space", Level::fault,
                            fmt::format("{}B free in '{}', {}B wanted", free, where,
                                        base::short_count(static_cast<double>(need_bytes))),
                            "make room, choose another --folder, or say what is needed by "
                            "--need-bytes"});
    } else {
        findings.push_back(
            {"space", Level::fine, fmt::format("{}B free in '{}'", free, where), ""});
    }
    if (facts.counts_files && facts.free_files < few_files) {
        findings.push_back({"space", Level::fault,
                            fmt::format("room for {} more files in '{}'", facts.free_files, where),
                            "remove files there, or ask for a larger quota of files"});
    }
    return findings;
}

}  // namespace tessera::doctor
