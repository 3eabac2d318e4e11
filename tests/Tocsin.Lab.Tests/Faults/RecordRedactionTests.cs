using System.Text.Json.Nodes;
using Tocsin.Lab.Faults;
using Tocsin.Lab.Host;
using Tocsin.Lab.Verbs;

namespace Tocsin.Lab.Tests.Faults;

public sealed class RecordRedactionTests
{
    private const string Canary = "c4n4ry-Zq81xKw0";

    [Theory]
    [InlineData("""{"environment":[{"name":"DB_PASSWORD","value":"CANARY"}]}""")]
    [InlineData("""{"environment":[{"value":"CANARY","name":"RAZORPAY_KEY_SECRET"}]}""")]
    [InlineData("""{"Environment":[{"Name":"API_TOKEN","Value":"CANARY"}]}""")]
    [InlineData("""{"environment":[{"name":"DATABASE_URL","value":"mysql://app:CANARY@db.internal:3306/shop"}]}""")]
    [InlineData("""{"command":["node","main.mjs","--password","CANARY"]}""")]
    [InlineData("""{"command":["node","main.mjs","--password=CANARY"]}""")]
    [InlineData("""{"events":[{"message":"started with DB_PASSWORD=CANARY"}]}""")]
    [InlineData("""{"masterUserPassword":"CANARY"}""")]
    public void A_secret_goes_wherever_an_answer_has_it(string answer) =>
        Assert.DoesNotContain(Canary, RecordRedaction.Of(JsonNode.Parse(answer.Replace("CANARY", Canary, StringComparison.Ordinal)))!.ToJsonString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"environment":[{"name":"PORT","value":"3000"},{"name":"CORE_API_URL","value":"http://10.0.0.5:80"}]}""")]
    [InlineData("""{"secrets":[{"name":"DB_PASSWORD","valueFrom":"arn:aws:secretsmanager:ap-south-1:000000000000:secret:zelly/orion/env-aBcDeF:DB_PASSWORD::"}]}""")]
    [InlineData("""{"taskDefinitionArn":"arn:aws:ecs:ap-south-1:000000000000:task-definition/orion-backend:3","revision":3,"memory":"512","compatibilities":["EC2","FARGATE"]}""")]
    [InlineData("""{"command":["node","--max-semi-space-size=1","main.mjs"],"essential":true,"cpu":0,"links":[],"none":null}""")]
    public void What_is_no_secret_stays_to_the_byte(string answer) => Assert.Equal(answer, RecordRedaction.Of(JsonNode.Parse(answer))!.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));

    [Fact]
    public async Task A_secret_in_a_plain_variable_is_in_no_file_of_a_record()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var lab = await TestLab.StartAsync(50, cancel);
        VerbTable.Run(lab.Host, VerbRequest.Read($"service env orion-backend PAYMENT_API_SECRET={Canary}", "staging", "test"));
        using var client = LabClient.Connect(lab.Folder);
        using var run = new FaultRun(client, lab.Folder, ShippedFaults.Ground.Platform, ShippedFaults.All.Faults.First(f => f.Profiles.Contains(LabProfile.Core)), "staging", TimeProvider.System);
        var landing = new Landing(run.Fault, "staging", NodaTime.SystemClock.Instance.GetCurrentInstant(), [new Evidence("http", Landed: true, $"Authorization: Bearer {Canary}")]);
        var into = Directory.CreateTempSubdirectory("tr-").FullName;
        try
        {
            var files = await FaultRecord.WriteAsync(client, run, landing, into, cancel);
            Assert.Contains("task-definitions/orion-backend.json", files);
            Assert.Contains("PAYMENT_API_SECRET", await File.ReadAllTextAsync(Path.Combine(into, "task-definitions/orion-backend.json"), cancel), StringComparison.Ordinal);
            foreach (var file in files) Assert.DoesNotContain(Canary, await File.ReadAllTextAsync(Path.Combine(into, file), cancel), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(into, recursive: true);
        }
    }
}
