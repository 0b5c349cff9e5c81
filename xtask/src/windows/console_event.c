/* Sends an event of consoles to a process, as the system does: console-event EVENT PROCESS.

   Ctrl-C goes to everybody at the process's console. Wine sends no other event, and Windows lets no program send the
   last three; so these start the thread in the process that the system itself would start there. */

#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    DWORD event;
} events[] = {
    {"Ctrl-C", CTRL_C_EVENT},
    {"Ctrl-Break", CTRL_BREAK_EVENT},
    {"close", CTRL_CLOSE_EVENT},
    {"logoff", CTRL_LOGOFF_EVENT},
    {"shutdown", CTRL_SHUTDOWN_EVENT},
};

static int failed(const char *what)
{
    fprintf(stderr, "console-event: %s: error %lu\n", what, GetLastError());
    return 1;
}

/* This program is at that console, too, and stays. */
static BOOL WINAPI ignore(DWORD event)
{
    (void)event;
    return TRUE;
}

static int send_to_console(DWORD event, DWORD process)
{
    /* Without a console of its own it may have that one. */
    FreeConsole();
    if (!AttachConsole(process)) {
        return failed("AttachConsole");
    }
    if (!SetConsoleCtrlHandler(ignore, TRUE)) {
        return failed("SetConsoleCtrlHandler");
    }
    return GenerateConsoleCtrlEvent(event, 0) ? 0 : failed("GenerateConsoleCtrlEvent");
}

static int start_thread(DWORD event, DWORD process)
{
    /* The libraries of the system are at the same place in all processes. */
    HMODULE library = GetModuleHandleA("kernelbase.dll");
    void *routine = library ? (void *)GetProcAddress(library, "CtrlRoutine") : NULL;
    HANDLE handle = OpenProcess(PROCESS_ALL_ACCESS, FALSE, process);
    HANDLE thread;
    if (!routine) {
        return failed("CtrlRoutine");
    }
    if (!handle) {
        return failed("OpenProcess");
    }
    thread = CreateRemoteThread(handle, NULL, 0, (LPTHREAD_START_ROUTINE)routine, (void *)(ULONG_PTR)event, 0, NULL);
    return thread ? 0 : failed("CreateRemoteThread");
}

int main(int count, char **arguments)
{
    size_t i;
    for (i = 0; count == 3 && i < sizeof(events) / sizeof(*events); i++) {
        if (strcmp(arguments[1], events[i].name) == 0) {
            DWORD process = strtoul(arguments[2], NULL, 10);
            DWORD event = events[i].event;
            return event == CTRL_C_EVENT ? send_to_console(event, process) : start_thread(event, process);
        }
    }
    return 2;
}
