using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Tocsin.Lab.Verbs;

namespace Tocsin.Lab.Host;

/// <summary>
/// A command's line to a running lab. It speaks only to the control socket in the lab's own folder, and only after the folder's state is seen to be a lab's:
/// this account, an endpoint on loopback or in the lab's own namespace. Nothing else can be changed through it.
/// </summary>
public sealed class LabClient : IDisposable
{
    private readonly HttpClient http;

    private LabClient(LabFolder folder, LabState state)
    {
        State = state;
        http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancel) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(folder.Socket), cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        { BaseAddress = new Uri("http://lab/"), Timeout = TimeSpan.FromSeconds(30) };
    }

    public LabState State { get; }

    /// <summary>Throws <see cref="LabException"/> where no lab runs, or what runs is none.</summary>
    public static LabClient Connect(LabFolder folder)
    {
        var state = folder.Running() ?? throw new LabException($"no lab runs in {folder.Path}; start one with: tocsin lab up");
        if (state.Account != Aws.LabIds.Account) throw new LabRefusedException($"{folder.StateFile} names account {state.Account}; verbs change only the lab's own account {Aws.LabIds.Account}");
        if (!Uri.TryCreate(state.Endpoint, UriKind.Absolute, out var endpoint) || !IPAddress.TryParse(endpoint.Host, out var address) || (!IPAddress.IsLoopback(address) && !Isolation.IsFrontDoor(folder, address)))
            throw new LabRefusedException($"{folder.StateFile} names the endpoint {state.Endpoint}; verbs refuse any endpoint but the lab's own, on 127.0.0.0/8 or behind its own device");
        return new LabClient(folder, state);
    }

    public Task<StatusReport> StatusAsync(CancellationToken cancel) => AskAsync<StatusReport>(HttpMethod.Get, "status", null, cancel);

    public Task<StatusReport> HealAsync(CancellationToken cancel) => AskAsync<StatusReport>(HttpMethod.Post, "heal", null, cancel);

    public async Task<string> RunAsync(VerbRequest request, CancellationToken cancel) =>
        (await AskAsync<JsonObject>(HttpMethod.Post, "verb", JsonContent.Create(request, options: LabJson.Options), cancel))["done"]!.ToString();

    public Task StepAsync(NodaTime.Duration by, CancellationToken cancel) =>
        AskAsync<JsonObject>(HttpMethod.Post, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"step/{(long)by.TotalSeconds}"), null, cancel);

    public Task DownAsync(CancellationToken cancel) => AskAsync<JsonObject>(HttpMethod.Post, "down", null, cancel);

    public void Dispose() => http.Dispose();

    private async Task<T> AskAsync<T>(HttpMethod method, string path, HttpContent? content, CancellationToken cancel)
    {
        try
        {
            using var request = new HttpRequestMessage(method, path) { Content = content };
            using var response = await http.SendAsync(request, cancel);
            if (response.IsSuccessStatusCode) return (await response.Content.ReadFromJsonAsync<T>(LabJson.Options, cancel))!;
            var error = await response.Content.ReadFromJsonAsync<JsonObject>(LabJson.Options, cancel);
            throw new LabException(error?["error"]?.ToString() ?? $"the lab answered {(int)response.StatusCode}");
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            throw new LabException($"the lab (process {State.Pid}) does not answer: {e.Message}", e);
        }
    }
}

/// <summary>What the lab will not do, whoever asks.</summary>
public sealed class LabRefusedException(string message) : Exception(message);
