/* Remembers what a power cut would leave of a folder: loaded before a program (LD_PRELOAD), it keeps a copy of every
 * file as of its last fsync, the names of every folder as of its last fsync, and the content of what is removed; and it
 * stops the program before some of these calls, for power_cut.py to make a folder of that.
 *
 * CUT_ROOT: the folder that is watched. CUT_STATE: where all this is kept, on the same file system. CUT_AT: the numbers
 * of the calls, as 3,17,90. CUT_BLIND: do as if nothing were ever synced. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static const char *root, *state, *stops;
static long calls;
static int blind;

__attribute__((constructor)) static void begin(void) {
    root = getenv("CUT_ROOT");
    state = getenv("CUT_STATE");
    stops = getenv("CUT_AT") ? getenv("CUT_AT") : "";
    blind = getenv("CUT_BLIND") != NULL;
}

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

/* Where a path relative to an open folder lies; 0 if it is none of ours. */
static int ours(int folder, const char *path, char *full) {
    if (!root) return 0;
    if (path[0] == '/') snprintf(full, PATH_MAX, "%s", path);
    else {
        char link[64], base[PATH_MAX];
        if (folder == AT_FDCWD) snprintf(link, sizeof link, "/proc/self/cwd");
        else snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        ssize_t length = readlink(link, base, sizeof base - 1);
        if (length < 0) return 0;
        base[length] = 0;
        if (snprintf(full, PATH_MAX, "%s/%s", base, path) >= PATH_MAX) return 0;
    }
    size_t length = strlen(root);
    return !strncmp(full, root, length) && (full[length] == '/' || !full[length]);
}

static void tick(void) {
    calls++;
    if (*stops && calls >= atol(stops)) {
        while (*stops && *stops != ',') stops++;
        if (*stops) stops++;
        kill(getpid(), SIGSTOP);
    }
}

/* A copy of what an open file or folder holds now, beside its place in the state; 0 if there is nothing to keep. */
static int remember(int handle, char *aside, char *place) {
    struct stat about;
    if (fstat(handle, &about)) return 0;
    int folder = S_ISDIR(about.st_mode);
    snprintf(place, PATH_MAX, "%s/%c-%lu", state, folder ? 'l' : 'c', (unsigned long)about.st_ino);
    snprintf(aside, PATH_MAX, "%s/aside", state);
    int out = open(aside, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (folder) {
        char link[64], path[PATH_MAX];
        snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
        ssize_t length = readlink(link, path, sizeof path - 1);
        path[length < 0 ? 0 : length] = 0;
        DIR *names = opendir(path);
        for (struct dirent *one; names && (one = readdir(names));)
            dprintf(out, "%lu %s\n", (unsigned long)one->d_ino, one->d_name);
        if (names) closedir(names);
    } else {
        char block[65536];
        off_t done = 0;
        for (ssize_t count; (count = pread(handle, block, sizeof block, done)) > 0; done += count)
            if (write(out, block, (size_t)count) != count) abort();
        /* Opened for writing only: another handle reads. */
        if (!done && about.st_size) {
            char link[64];
            snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
            int again = open(link, O_RDONLY);
            for (ssize_t count; (count = pread(again, block, sizeof block, done)) > 0; done += count)
                if (write(out, block, (size_t)count) != count) abort();
            close(again);
        }
        if (done < about.st_size) abort();
    }
    close(out);
    return 1;
}

static int synced(int handle, const char *name) {
    int (*call)(int) = real(name);
    char link[64], path[PATH_MAX], full[PATH_MAX], aside[PATH_MAX], place[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = 0;
    if (!ours(AT_FDCWD, path[0] ? path : "/", full)) return call(handle);
    pthread_mutex_lock(&turn);
    tick();
    int kept = !blind && remember(handle, aside, place); /* before the call: what comes meanwhile may not be synced */
    int result = call(handle);
    if (kept && !result) ((int (*)(const char *, const char *))real("rename"))(aside, place);
    pthread_mutex_unlock(&turn);
    return result;
}

int fsync(int handle) { return synced(handle, "fsync"); }
int fdatasync(int handle) { return synced(handle, "fdatasync"); }

/* What is removed or replaced keeps its content (and its number, so that no other file gets it). */
static void keep(const char *path) {
    struct stat about;
    if (lstat(path, &about)) return;
    char place[PATH_MAX];
    snprintf(place, sizeof place, "%s/k-%lu", state, (unsigned long)about.st_ino);
    if (S_ISDIR(about.st_mode)) open(path, O_RDONLY | O_DIRECTORY);
    else if (S_ISREG(about.st_mode) && access(place, F_OK) && link(path, place)) abort();
}

static int moved(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    int (*call)(int, const char *, int, const char *, unsigned) = real("renameat2");
    char old[PATH_MAX], new[PATH_MAX], name[PATH_MAX];
    if (!ours(from_folder, from, old) || !ours(to_folder, to, new)) return call(from_folder, from, to_folder, to, flags);
    pthread_mutex_lock(&turn);
    tick();
    keep(new);
    struct stat about;
    if (!lstat(old, &about)) {
        snprintf(name, sizeof name, "%s/moves", state);
        int out = open(name, O_WRONLY | O_CREAT | O_APPEND, 0600);
        dprintf(out, "%lu %s\n", (unsigned long)about.st_ino, old);
        close(out);
    }
    int result = call(from_folder, from, to_folder, to, flags);
    pthread_mutex_unlock(&turn);
    return result;
}

int rename(const char *from, const char *to) { return moved(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int a, const char *from, int b, const char *to) { return moved(a, from, b, to, 0); }
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) { return moved(a, from, b, to, flags); }

static int removed(int folder, const char *path, int flags) {
    int (*call)(int, const char *, int) = real("unlinkat");
    char full[PATH_MAX];
    if (!ours(folder, path, full)) return call(folder, path, flags);
    pthread_mutex_lock(&turn);
    tick();
    keep(full);
    int result = call(folder, path, flags);
    pthread_mutex_unlock(&turn);
    return result;
}

int unlink(const char *path) { return removed(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return removed(AT_FDCWD, path, AT_REMOVEDIR); }
int unlinkat(int folder, const char *path, int flags) { return removed(folder, path, flags); }
int remove(const char *path) {
    struct stat about;
    return removed(AT_FDCWD, path, !lstat(path, &about) && S_ISDIR(about.st_mode) ? AT_REMOVEDIR : 0);
}
