using System.Globalization;
using System.Text.RegularExpressions;
using Tocsin.Lab.Verbs;

namespace Tocsin.Lab.Tests.Aws;

/// <summary>One command of the two source documents, names filled in.</summary>
/// <param name="Source">The document and the line that it stands on.</param>
/// <param name="Prints">What standard output matches.</param>
/// <param name="Misleads">What a reader of the document would take it for and is not so; empty where it does what it says.</param>
internal sealed record Documented(string Source, string Command, string Prints, string Misleads = "")
{
    public int Exit { get; init; }
}

/// <summary>Every AWS command of the debugging reference and of the incident guide, by the real AWS CLI, against a platform that runs, in this order.</summary>
public sealed partial class DocumentedCommandTests
{
    private const string Logs = "aws logs filter-log-events --log-group-name /zelly/ecs/fastify-nova --start-time $(( $(date +%s) * 1000 - 300000 ))";

    private static readonly Documented[] Healthy =
    [
        new("debugging 19", "aws ecs describe-tasks --cluster zelly-staging --tasks $(aws ecs list-tasks --cluster zelly-staging --desired-status STOPPED --query 'taskArns[0]' --output text) --region ap-southeast-1 --query 'tasks[0].stoppedReason' 2>&1", "InvalidParameterException.*taskId length", "Without a stopped task it asks for a task called None.") { Exit = 254 },
        new("debugging 26", "aws secretsmanager describe-secret --secret-id zelly/fastify-nova/env --region ap-southeast-1", "arn:aws:secretsmanager:ap-southeast-1:000000000000:secret:zelly/fastify-nova/env-"),
        new("debugging 33", "aws secretsmanager create-secret --name zelly/fastify-nova/env --secret-string '{}' --region ap-southeast-1 2>&1", "ResourceExistsException", "With {} as content the failure only moves to the start of the container.") { Exit = 254 },
        new("debugging 44", "aws ecr describe-images --repository-name zelly/fastify-nova --image-ids imageTag=staging-abc12345 --region ap-south-1 2>&1", "ImageNotFoundException") { Exit = 254 },
        new("debugging 62", Logs + " --region ap-southeast-1 --query 'events[*].message' --output text | tail -50 | wc -l", "^ *[01]\\s*$", "All messages stand on one line, so tail cuts nothing."),
        new("debugging 62, one line each", Logs + " --region ap-southeast-1 --query 'events[*].[message]' --output text | tail -50 | wc -l", "^ *([3-9]|[1-5][0-9])\\s*$"),
        new("debugging 83", "aws elbv2 describe-target-health --target-group-arn $(aws elbv2 describe-target-groups --names fastify-nova-tg --region ap-southeast-1 --query 'TargetGroups[0].TargetGroupArn' --output text) --region ap-southeast-1", "\"State\": \"healthy\""),
        new("debugging 94", "aws ecs describe-tasks --cluster zelly-production --tasks $(aws ecs list-tasks --cluster zelly-production --query 'taskArns[0]' --output text --region ap-south-1) --region ap-south-1 --query 'tasks[0].{reason:stoppedReason,containers:containers[*].{name:name,exitCode:exitCode,reason:reason}}'", "\"exitCode\": null"),
        new("debugging 108", "aws ecs describe-services --cluster zelly-staging --services fastify-nova --region ap-southeast-1 --query 'services[0].{events:events[0:10],deployments:deployments}'", "has reached a steady state[\\s\\S]*\"rolloutState\": \"COMPLETED\""),
        new("debugging 160", "aws secretsmanager get-secret-value --secret-id zelly/aurora/master --region ap-south-1 --query 'SecretString' --output text | python3 -m json.tool", "\"username\": \"zellymaster\"", "It leaves the password in the scrollback."),
        new("debugging 245", "aws elbv2 describe-target-health --target-group-arn TARGET_GROUP_ARN --region ap-south-1 2>&1", "ValidationError.*is not a valid target group ARN") { Exit = 254 },
        new("debugging 264", "aws logs filter-log-events --log-group-name /zelly/ecs/storefront --filter-pattern 'challenge' --start-time $(( $(date +%s) * 1000 - 3600000 )) --region ap-south-1 --query 'events[*].message' --output text", "^\\s*$"),
        new("debugging 326", "aws ecs describe-services --cluster zelly-staging --services events-consumer --region ap-southeast-1 --query 'services[0].{desired:desiredCount,running:runningCount}'", "\"desired\": 1,\\s+\"running\": 1"),
        new("debugging 333", "aws logs filter-log-events --log-group-name /zelly/ecs/events-consumer --start-time $(( $(date +%s) * 1000 - 600000 )) --region ap-southeast-1 --query 'events[*].message' --output text | tail -30", "core profile"),
        new("debugging 423", "aws ec2 describe-instances --filters Name=tag:Name,Values=zelly-clickhouse --region ap-south-1 --query 'Reservations[].Instances[].State.Name' --output text", "running"),
        new("debugging 488", Logs.Replace("fastify-nova", "orion-backend", StringComparison.Ordinal) + " --region ap-south-1 --query 'events[*].message' --output text | tail -50", "Server listening"),
        new("debugging 489", "aws ecs describe-services --cluster zelly-production --services orion-backend --region ap-south-1 --query 'services[0].events[0:5]'", "steady state"),
        new("debugging 491", "aws secretsmanager get-secret-value --secret-id zelly/orion/env --region ap-south-1 --query SecretString --output text", "CH_HOST"),
        new("incident 17", "aws ecs describe-services --cluster zelly-production --services fastify-nova customer-panel orion-backend storefront --region ap-south-1 --query 'services[*].{name:serviceName,desired:desiredCount,running:runningCount,events:events[0].message}'", "\"name\": \"storefront\",\\s+\"desired\": 1,\\s+\"running\": 1"),
        new("incident 20", Logs.Replace("300000", "600000", StringComparison.Ordinal) + " --region ap-south-1 --query 'events[*].message' --output text | tail -100", "request completed"),
        new("incident 75", "aws ecs describe-services --cluster zelly-production --services events-consumer --region ap-south-1 --query 'services[0].status' --output text", "ACTIVE", "The document gives no region; the CLI's default is another."),
        new("services-stable", "aws ecs wait services-stable --cluster zelly-production --services fastify-nova storefront --region ap-south-1", "^$"),
    ];

    private static readonly Documented[] Broken =
    [
        new("debugging 19", "aws ecs describe-tasks --cluster zelly-staging --tasks $(aws ecs list-tasks --cluster zelly-staging --desired-status STOPPED --query 'taskArns[0]' --output text --region ap-southeast-1) --region ap-southeast-1 --query 'tasks[0].stoppedReason'", "ResourceInitializationError: unable to pull secrets or registry auth", "The first one listed is not the newest."),
        new("debugging 491", "aws ecs list-tasks --cluster zelly-staging --service-name fastify-nova --desired-status STOPPED --region ap-southeast-1", "arn:aws:ecs:ap-southeast-1:000000000000:task/zelly-staging/"),
        new("debugging 33, the secret is gone", "aws secretsmanager create-secret --name zelly/fastify-nova/env --secret-string '{}' --region ap-southeast-1", "\"VersionId\""),
    ];

    private static readonly Documented[] Changing =
    [
        new("debugging 127", "aws ecs register-task-definition --cli-input-json \"$(aws ecs describe-task-definition --task-definition orion-backend --region ap-south-1 --query taskDefinition | python3 -c 'import json,sys; d=json.load(sys.stdin); print(json.dumps({k: d[k] for k in (\"family\",\"containerDefinitions\",\"cpu\",\"executionRoleArn\",\"taskRoleArn\",\"networkMode\",\"requiresCompatibilities\")} | {\"memory\": \"2048\"}))')\" --region ap-south-1 --query taskDefinition.revision && aws ecs update-service --cluster zelly-production --service orion-backend --force-new-deployment --region ap-south-1 --query 'service.taskDefinition' --output text", "^2\\s[\\s\\S]*orion-backend:1", "It deploys the revision that the service has, not the new one."),
        new("incident 23", "CURRENT=$(aws ecs describe-services --cluster zelly-production --services orion-backend --region ap-south-1 --query 'services[0].taskDefinition' --output text); PREV=\"${CURRENT%:*}:$(( ${CURRENT##*:} - 1 ))\"; aws ecs update-service --cluster zelly-production --service orion-backend --task-definition $PREV --force-new-deployment --region ap-south-1 2>&1", "ClientException.*TaskDefinition not found", "Revision N-1 need not exist.") { Exit = 254 },
        new("incident 24", "aws ecs update-service --cluster zelly-production --service fastify-nova --desired-count 4 --region ap-south-1 --query service.desiredCount", "^4"),
        new("incident 28", "aws ecs update-service --cluster zelly-production --service customer-panel --desired-count 0 --region ap-south-1 --query service.desiredCount", "^0"),
        new("incident 29", "aws rds create-db-cluster-snapshot --db-cluster-identifier zelly-aurora-production --db-cluster-snapshot-identifier emergency-$(date +%Y%m%d-%H%M) --region ap-south-1 --query DBClusterSnapshot.Status", "creating"),
        new("incident 35", "aws rds modify-db-cluster --db-cluster-identifier zelly-aurora-production --master-user-password NEW_SECURE_PASSWORD --apply-immediately --region ap-south-1 --query DBCluster.MasterUsername", "zellymaster", "The user is not admin; the new password stands on the command line."),
        new("incident 35, secret", "aws secretsmanager put-secret-value --secret-id zelly/aurora/master --secret-string '{\"password\":\"NEW_SECURE_PASSWORD\",\"username\":\"admin\"}' --region ap-south-1 --query VersionStages[0] --output text && aws secretsmanager get-secret-value --secret-id zelly/aurora/master --region ap-south-1 --query SecretString --output text", "^AWSCURRENT\\s[^h]*$", "It replaces the whole JSON: host and port are lost."),
        new("incident 37", "aws cloudtrail lookup-events --lookup-attributes AttributeKey=Username,AttributeValue=lab-operator --region ap-south-1 --query 'Events[].EventName' --output text", "PutSecretValue", "One region, 90 days; what IAM did is in us-east-1."),
    ];

    [Fact]
    public async Task Each_documented_command_prints_what_AWS_would_print()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var held = await Life.Shared.LabAsync(cancel);
        var lab = held.Lab;
        await lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(60), cancel);
        var wrong = new List<string>();
        await RunAsync(lab, Healthy, atOnce: 2, wrong, cancel);

        VerbTable.Run(lab.Host, VerbRequest.Read("secret delete fastify-nova", "staging", "test"));
        VerbTable.Run(lab.Host, VerbRequest.Read("service deploy fastify-nova", "staging", "test"));
        await lab.UntilAsync(_ => lab.Host.World.Regions["ap-southeast-1"].Ecs.Clusters["zelly-staging"].Tasks.Values.Any(t => t.StoppedReason?.StartsWith("ResourceInit", StringComparison.Ordinal) is true), TimeSpan.FromSeconds(30), cancel);
        await RunAsync(lab, Broken, atOnce: 1, wrong, cancel);
        await RunAsync(lab, Changing, atOnce: 1, wrong, cancel);
        Assert.True(wrong.Count == 0, string.Join("\n\n", wrong));
    }

    [Fact]
    public void Every_command_of_the_documents_is_in_the_table()
    {
        var here = Healthy.Concat(Broken).Concat(Changing).SelectMany(d => Operation().Matches(d.Command).Select(m => m.Value)).ToHashSet(StringComparer.Ordinal);
        string[] documented =
        [
            "aws ecs describe-tasks", "aws ecs list-tasks", "aws secretsmanager describe-secret", "aws secretsmanager create-secret", "aws ecr describe-images", "aws logs filter-log-events",
            "aws elbv2 describe-target-health", "aws ecs describe-services", "aws ecs update-service", "aws secretsmanager get-secret-value", "aws ec2 describe-instances", "aws rds create-db-cluster-snapshot",
            "aws rds modify-db-cluster", "aws secretsmanager put-secret-value", "aws cloudtrail lookup-events",
        ];
        Assert.Empty(documented.Except(here, StringComparer.Ordinal));
    }

    private static async Task RunAsync(TestLab lab, Documented[] table, int atOnce, List<string> wrong, CancellationToken cancel) =>
        await Parallel.ForEachAsync(table, new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancel }, async (one, c) =>
        {
            var (code, printed) = await LabShell.RunAsync(lab, one.Command, c);
            if (code == one.Exit && Regex.IsMatch(printed.Trim('\n'), one.Prints, RegexOptions.Multiline, TimeSpan.FromSeconds(5))) return;
            lock (wrong) wrong.Add(string.Create(CultureInfo.InvariantCulture, $"{one.Source}: {one.Command}\nexit {code} instead of {one.Exit}, or it does not match {one.Prints}:\n{printed}"));
        });

    [GeneratedRegex("aws [a-z0-9-]+ [a-z0-9-]+", RegexOptions.CultureInvariant)]
    private static partial Regex Operation();
}
